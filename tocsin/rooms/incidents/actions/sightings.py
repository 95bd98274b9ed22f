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
    see_in_many((incident.pk, text, reach) for text, reach in texts)


def see_in_many(texts: Iterable[tuple[int, str, Reach]]) -> None:
    """Note what texts of several incidents name; each begins with the incident's inner id."""
    wanted: dict[tuple[int, Observable, Reach], None] = {}
    named: dict[str, list[Observable]] = {}
    for incident, text, reach in texts:
        if text not in named:  # many incidents are told the same
            named[text] = list(found_in(text)[:MOST])
        wanted.update(dict.fromkeys((incident, found, reach) for found in named[text]))
    if not wanted:
        return
    ids = intel.keep({found for _incident, found, _reach in wanted})
    before = set(
        Sighting.objects.filter(incident__in={row[0] for row in wanted}, observable__in=ids.values())
        .values_list("incident", "observable", "entity", "audience")
    )  # fmt: skip
    rows = [(incident, ids[found], *reach) for incident, found, reach in wanted]
    new = [row for row in rows if row not in before]
    Sighting.objects.bulk_create(
        (
            Sighting(incident_id=incident, observable_id=pk, entity_id=entity, audience=audience)
            for incident, pk, entity, audience in new
        ),
        batch_size=AT_ONCE,
        ignore_conflicts=True,
    )
    first = {row[:2] for row in new} - {row[:2] for row in before}
    intel.count_many(Counter(pk for _incident, pk in first))


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
