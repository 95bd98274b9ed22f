"""What can be found of incidents: titles, summaries, timelines, tasks, evidence, and what they name."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from tocsin.platform.access import scope_of
from tocsin.platform.search.sources import Document, Found, Source, Watch
from tocsin.rooms.incidents.models import (
    Audience,
    Evidence,
    Incident,
    IncidentEntity,
    Seal,
    Sighting,
    Task,
    TimelineEntry,
)
from tocsin.rooms.intel.models import harmless

VIEW, PART = "incidents.view", "incidents.part"
TOLD = ("summary", "closing_cause", "closing_impact", "closing_lesson")


class _Readers:
    """The tokens of those who may read something of one incident, by whom it was written for."""

    def __init__(self, incident: Incident, places: Mapping[int, int], named: Collection[int]) -> None:
        self.places = places  # the organisation of each part
        self.named = frozenset(f"is{person}" for person in named) if incident.sealed else None
        teams = {incident.owner_team_id, incident.offered_to_id} - {None}
        self.handling = frozenset({f"iu{incident.opened_by_id}", *(f"it{team}" for team in teams)})

    def team(self, part: int | None = None) -> frozenset[str]:
        """Give those who handle the incident, or a part of it."""
        if self.named is not None:
            return self.named
        places = set(self.places.values()) if part is None else {self.places[part]}
        return self.handling.union(f"iv{place}" for place in places)

    def concerned(self, part: int | None = None) -> frozenset[str]:
        """Give those, and the officers of the organisations concerned, or of that part's."""
        if self.named is not None:
            return self.named
        places = set(self.places.values()) if part is None else {self.places[part]}
        return self.team(part).union(f"ip{place}" for place in places)

    def of(self, audience: str, part: int | None) -> frozenset[str]:
        """Give those whom an entry is for."""
        if audience == Audience.TEAM:
            return self.team(part)
        return self.concerned(part if audience == Audience.ENTITY else None)

    def about(self, part: int | None = None) -> frozenset[int]:
        """Give the organisations that something is about."""
        return frozenset(self.places.values()) if part is None else frozenset({self.places[part]})


def documents(things: Collection[int]) -> Iterator[Document]:
    """Give the texts of incidents, in seven queries however many there are."""
    incidents = {incident.pk: incident for incident in Incident.objects.filter(pk__in=things)}
    parts: defaultdict[int, dict[int, IncidentEntity]] = defaultdict(dict)
    for part in IncidentEntity.objects.filter(incident__in=incidents):
        parts[part.incident_id][part.pk] = part
    named: defaultdict[int, set[int]] = defaultdict(set)
    for incident, person in Seal.objects.filter(incident__in=incidents).values_list("incident", "person"):
        named[incident].add(person)
    readers = {
        pk: _Readers(incident, {part: one.organisation_id for part, one in parts[pk].items()}, named[pk])
        for pk, incident in incidents.items()
    }
    for pk, incident in incidents.items():
        yield from _of_incident(incident, readers[pk])
        for part in parts[pk].values():
            if part.summary:
                yield _document(pk, f"part{part.pk}", "incident", part, part.summary, readers[pk].concerned(part.pk),
                                readers[pk].about(part.pk))  # fmt: skip
    yield from _entries(readers)
    yield from _tasks(readers)
    yield from _evidence(readers)
    yield from _named(readers)


def _document(
    thing: int, part: str, kind: str, row: Any, text: str, readers: frozenset[str], places: frozenset[int],
) -> Document:  # fmt: skip
    return Document(thing, part, kind, row.created_at, readers, text=text, places=places)


def _of_incident(incident: Incident, readers: _Readers) -> Iterator[Document]:
    titled = Document(incident.pk, "", "incident", incident.created_at, readers.concerned(),
                      f"{incident.title} {incident.reference}", places=readers.about())  # fmt: skip
    yield titled
    told = "\n".join(filter(None, (getattr(incident, name) for name in TOLD)))
    if told:
        yield _document(incident.pk, "told", "incident", incident, told, readers.team(), readers.about())


def _entries(readers: Mapping[int, _Readers]) -> Iterator[Document]:
    # Who may read what is about another incident changes with that one: it is found at that one, not here.
    written = TimelineEntry.objects.filter(incident__in=readers, other=None).exclude(text="").order_by("pk")
    for pk, incident, part, audience, text, at in written.values_list(
        "pk", "incident", "entity", "audience", "text", "created_at"
    ):
        mine = readers[incident]
        yield Document(incident, f"entry{pk}", "note", at, mine.of(audience, part), "", text, mine.about(part))


def _tasks(readers: Mapping[int, _Readers]) -> Iterator[Document]:
    for task in Task.objects.filter(incident__in=readers).order_by("pk"):
        mine = readers[task.incident_id]
        who = mine.team() if task.entity_id is None else mine.concerned(task.entity_id)
        yield _document(task.incident_id, f"task{task.pk}", "task", task, f"{task.title}\n{task.answer}".strip(), who,
                        mine.about(task.entity_id))  # fmt: skip


def _evidence(readers: Mapping[int, _Readers]) -> Iterator[Document]:
    """Give what is said of evidence, and the text in it where whoever added it agreed."""
    for one in Evidence.objects.filter(incident__in=readers).select_related("artefact").defer("artefact__key"):
        mine = readers[one.incident_id]
        text = "\n".join(filter(None, (one.title, one.artefact.name, one.description, one.source, one.text)))
        yield _document(one.incident_id, f"evidence{one.pk}", "evidence", one, text,
                        mine.of(one.audience, one.entity_id), mine.about(one.entity_id))  # fmt: skip


def _named(readers: Mapping[int, _Readers]) -> Iterator[Document]:
    """Give what an incident names as one text for each circle of readers."""
    seen = Sighting.objects.filter(incident__in=readers).order_by("pk")
    rows = seen.values_list("incident", "entity", "audience", "observable__kind", "observable__value", "created_at")
    texts: defaultdict[tuple[int, int | None, str], list[str]] = defaultdict(list)
    first: dict[tuple[int, int | None, str], Any] = {}
    for incident, part, audience, kind, value, at in rows:
        texts[incident, part, audience].append(harmless(kind, value))
        first.setdefault((incident, part, audience), at)
    for (thing, entity, whom), values in texts.items():
        mine = readers[thing]
        yield Document(thing, f"named{entity or ''}{whom}", "observable", first[thing, entity, whom],
                       mine.of(whom, entity), text="\n".join(values), places=mine.about(entity))  # fmt: skip


def readers(user: Any) -> Collection[str]:
    """Give the tokens of a person in office."""
    scope = scope_of(user)
    tokens = {f"iv{place}" for place in scope.organisations(VIEW)}
    tokens |= {f"ip{place}" for place in scope.organisations(PART)}
    tokens |= {f"it{team}" for team in scope.teams(VIEW)}
    if scope.allows(VIEW):
        tokens.add(f"iu{scope.person}")
    if tokens:
        tokens.add(f"is{scope.person}")
    return tokens


def visible_ids(user: Any, things: Collection[int]) -> Collection[int]:
    """Give the inner ids of those incidents that the person may see."""
    found: Collection[int] = Incident.objects.visible_to(user).filter(pk__in=things).values_list("pk", flat=True)
    return found


def visible(user: Any, things: Collection[int]) -> Mapping[int, Found]:
    """Give those incidents that the person may know of."""
    known = Incident.objects.visible_to(user).filter(pk__in=things)
    states = {state.value: str(state.label) for state in Incident.State}
    return {
        pk: Found(title, "incident", uuid, reference, states[state], severity, tlp)
        for pk, title, uuid, reference, state, severity, tlp in known.values_list(
            "pk", "title", "uuid", "reference", "state", "severity", "tlp"
        )
    }


SOURCES = (
    Source(
        name="incidents",
        model=Incident,
        kinds={
            "incident": _("incidents"),
            "note": _("notes"),
            "task": _("tasks"),
            "evidence": _("evidence"),
            "observable": _("observables"),
        },
        watches=(
            Watch(
                Incident,
                ("reference", "title", *TOLD, "sealed", "owner_team", "offered_to", "opened_by"),
            ),
            Watch(IncidentEntity, ("incident", "organisation", "summary"), "{row}.incident_id"),
            Watch(Seal, ("incident", "person"), "{row}.incident_id"),
            Watch(TimelineEntry, ("incident", "entity", "audience", "text"), "{row}.incident_id"),
            Watch(Task, ("incident", "entity", "title", "answer"), "{row}.incident_id"),
            Watch(
                Evidence,
                ("incident", "entity", "audience", "title", "description", "source", "text"),
                "{row}.incident_id",
            ),
            Watch(Sighting, ("incident", "entity", "audience"), "{row}.incident_id"),
        ),
        documents=documents,
        readers=readers,
        visible=visible,
        visible_ids=visible_ids,
    ),
)
