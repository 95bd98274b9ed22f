"""Note which observables an incident's texts name, for those who may read the text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

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


def see_all(texts: Iterable[tuple[int, str, Reach]], listed: Iterable[tuple[int, Observable, Reach]] = ()) -> None:
    """Note what the texts of many new incidents name, and what is listed for them; each begins with an inner id."""
    wanted: dict[tuple[int, Observable, Reach], None] = {}
    for incident, text, reach in texts:
        wanted.update(dict.fromkeys((incident, found, reach) for found in found_in(text)[:MOST]))
    wanted.update(dict.fromkeys(listed))
    if not wanted:
        return
    ids = intel.keep({found for _incident, found, _reach in wanted})
    Sighting.objects.bulk_create(
        (
            Sighting(incident_id=incident, observable_id=ids[found], entity_id=entity, audience=audience)
            for incident, found, (entity, audience) in wanted
        ),
        batch_size=AT_ONCE,
        ignore_conflicts=True,
    )
    intel.count_many(Counter(ids[found] for _incident, found in {(i, found) for i, found, _reach in wanted}))


def forget(incidents: Sequence[int]) -> None:
    """Take back what incidents (inner ids) that are about to be removed have named."""
    seen = Sighting.objects.filter(incident__in=incidents).values_list("incident", "observable").distinct()
    intel.count_many(Counter(observable for _incident, observable in seen), -1)
