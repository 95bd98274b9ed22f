"""Note which observables an incident's texts name, for those who may read the text."""

from __future__ import annotations

from collections.abc import Iterable

from tocsin.pipeline.observables import Observable, found_in
from tocsin.rooms.incidents.models import Audience, Incident, Sighting, TimelineEntry
from tocsin.rooms.intel import actions as intel

AT_ONCE = 500
MOST = 2_000  # of one text, so that a pasted log does not fill the incident
Reach = tuple[int | None, str]  # the part, and who of it may read


def see_entries(incident: Incident, entries: Iterable[TimelineEntry]) -> None:
    """Note what lines of the timeline name."""
    see(incident, ((entry.text, (entry.entity_id, entry.audience)) for entry in entries if entry.text))


def see_text(incident: Incident, text: str) -> None:
    """Note what a text for the handling teams names."""
    see(incident, [(text, (None, Audience.TEAM))])


def see(incident: Incident, texts: Iterable[tuple[str, Reach]]) -> None:
    """Note what texts name, each for its readers, in the caller's transaction; what was noted before stays as it is."""
    wanted: dict[tuple[Observable, Reach], None] = {}
    for text, reach in texts:
        wanted.update(dict.fromkeys((found, reach) for found in found_in(text)[:MOST]))
    if not wanted:
        return
    ids = intel.keep({found for found, _reach in wanted})
    before = set(incident.sightings.filter(observable__in=ids.values()).values_list("observable", "entity", "audience"))
    new = [(ids[found], *reach) for found, reach in wanted if (ids[found], *reach) not in before]
    Sighting.objects.bulk_create(
        (
            Sighting(incident=incident, observable_id=pk, entity_id=entity, audience=audience)
            for pk, entity, audience in new
        ),
        batch_size=AT_ONCE,
        ignore_conflicts=True,
    )
    intel.count({pk for pk, *_reach in new} - {pk for pk, *_reach in before})
