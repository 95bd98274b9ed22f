"""Take over incidents that began elsewhere, many at once; and let go of them again, as if they had never come.

What a system elsewhere says of an incident is kept as it says it: its times, its writers by name, its marking. The
room above checks who may bring in what; this writes it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone

from tocsin.pipeline.observables import Observable
from tocsin.platform import audit
from tocsin.platform.identity import new_uuid
from tocsin.platform.markings import TLP
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.constituency.models import Team
from tocsin.rooms.incidents.actions.deadlines import begin
from tocsin.rooms.incidents.actions.sightings import forget, see_all
from tocsin.rooms.incidents.knowledge import is_terminal
from tocsin.rooms.incidents.models import (
    Audience,
    Incident,
    IncidentEntity,
    Seal,
    Severity,
    Sighting,
    Task,
    TimelineEntry,
    new_reference,
)
from tocsin.rooms.notices.models import Notice

AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class AdoptedPart:
    """The part of an organisation (its inner id)."""

    organisation: int
    role: str = IncidentEntity.Role.VICTIM
    summary: str = ""
    aware_at: datetime | None = None
    uuid: UUID | None = None


@dataclass(frozen=True, slots=True)
class AdoptedEntry:
    """A line of the timeline; ``author`` is a person of the house (their inner id), if it is one."""

    time: datetime
    text: str = ""
    kind: str = TimelineEntry.Kind.COMMENT
    event: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)
    author: int | None = None
    organisation: int | None = None
    audience: str = Audience.TEAM
    technique: str = ""
    pinned: bool = False
    uuid: UUID | None = None


@dataclass(frozen=True, slots=True)
class AdoptedTask:
    """Something to be done."""

    title: str
    state: str = Task.State.OPEN
    due_at: datetime | None = None
    answer: str = ""
    assignee: int | None = None
    organisation: int | None = None
    uuid: UUID | None = None


@dataclass(frozen=True, slots=True)
class AdoptedSighting:
    """An observable that is named by itself, not in a text."""

    observable: Observable
    organisation: int | None = None
    audience: str = Audience.TEAM


@dataclass(frozen=True, slots=True)
class Adopted:
    """An incident as it is to stand here. ``named`` are the people it is sealed to (inner ids); None: no seal.

    ``more`` are further fields of the incident, by name.
    """

    title: str
    opened_at: datetime
    summary: str = ""
    state: str = Incident.State.ANALYSIS
    severity: int = Severity.MEDIUM
    tlp: str = TLP.AMBER
    rsit_class: str = ""
    rsit_type: str = ""
    occurred_at: datetime | None = None
    closed_at: datetime | None = None
    closing_cause: str = ""
    owner: int | None = None
    named: frozenset[int] | None = None
    parts: tuple[AdoptedPart, ...] = ()
    entries: tuple[AdoptedEntry, ...] = ()
    tasks: tuple[AdoptedTask, ...] = ()
    sightings: tuple[AdoptedSighting, ...] = ()
    more: Mapping[str, Any] = field(default_factory=dict)
    uuid: UUID | None = None
    reference: str = ""


def adopt(
    *, actor: Person, team: Team | None, adopted: Sequence[Adopted], at: datetime, details: Mapping[str, Any]
) -> list[Incident]:
    """Make incidents of what came from elsewhere, in the caller's transaction, in a number of statements that is fixed.

    ``details`` go into the audit trail. What is open is ``team``'s, and its deadlines begin ``at`` the time of the
    entry ``adopted`` that its timeline has. Ids that are taken are drawn anew.
    """
    incidents = _incidents(actor, team, adopted)
    together = list(zip(incidents, adopted, strict=True))
    parts = _parts(together)
    begin(incidents, list(parts.values()), at)
    Seal.objects.bulk_create(
        (
            Seal(incident=incident, person_id=person, named_by=actor)
            for incident, each in together
            if each.named is not None
            for person in sorted(each.named)
        ),
        batch_size=AT_ONCE,
    )
    entries = _entries(together, parts)
    _tasks(together, parts)
    see_all(_texts(together, entries), _listed(together, parts))
    audit.record_many(actor, "incident.adopt", incidents, details)
    return incidents


def _incidents(actor: Person, team: Team | None, adopted: Sequence[Adopted]) -> list[Incident]:
    uuids = _free(Incident.objects.all(), [each.uuid for each in adopted])
    references = _references([each.reference for each in adopted])
    now = timezone.now()
    return Incident.objects.bulk_create(
        (
            Incident(
                uuid=uuid,
                reference=reference,
                created_at=each.opened_at,
                updated_at=now,
                title=each.title,
                summary=each.summary,
                state=each.state,
                open=not is_terminal(each.state),
                severity=each.severity,
                tlp=each.tlp,
                rsit_class=each.rsit_class,
                rsit_type=each.rsit_type,
                sealed=each.named is not None,
                opened_by=actor,
                owner_id=each.owner,
                owner_team=team if not is_terminal(each.state) else None,
                occurred_at=each.occurred_at,
                closed_at=each.closed_at if is_terminal(each.state) else None,
                closing_cause=each.closing_cause,
                **each.more,
            )
            for each, uuid, reference in zip(adopted, uuids, references, strict=True)
        ),
        batch_size=AT_ONCE,
    )


def _free(there: QuerySet[Any], wanted: Sequence[UUID | None]) -> list[UUID]:
    """Give the ids that were asked for, or fresh ones where they are taken or asked for twice."""
    asked = [each for each in wanted if each is not None]
    taken = set(_existing(there, "uuid", asked))
    given = []
    for each in wanted:
        free = each is not None and each not in taken
        given.append(each if each is not None and free else new_uuid())
        if each is not None:
            taken.add(each)
    return given


def _existing(there: QuerySet[Any], name: str, values: Sequence[Any]) -> Iterable[Any]:
    for start in range(0, len(values), AT_ONCE):
        yield from there.filter(**{f"{name}__in": values[start : start + AT_ONCE]}).values_list(name, flat=True)


def _references(wanted: Sequence[str]) -> list[str]:
    """Draw references until none of them is taken: among tens of thousands some always would be."""
    given = [each or new_reference() for each in wanted]
    while True:
        taken, seen = set(_existing(Incident.objects.all(), "reference", given)), set[str]()
        clashing = []
        for place, each in enumerate(given):
            if each in taken or each in seen:
                clashing.append(place)
            seen.add(each)
        if not clashing:
            return given
        for place in clashing:
            given[place] = new_reference()


Together = list[tuple[Incident, Adopted]]
Parts = Mapping[tuple[int, int], IncidentEntity]


def _parts(together: Together) -> Parts:
    wanted = [(incident, part) for incident, each in together for part in each.parts]
    uuids = _free(IncidentEntity.objects.all(), [part.uuid for _incident, part in wanted])
    made = IncidentEntity.objects.bulk_create(
        (
            IncidentEntity(
                uuid=uuid,
                incident=incident,
                organisation_id=part.organisation,
                role=part.role,
                summary=part.summary,
                aware_at=part.aware_at or incident.created_at,
                created_at=incident.created_at,
            )
            for (incident, part), uuid in zip(wanted, uuids, strict=True)
        ),
        batch_size=AT_ONCE,
    )
    return {(part.incident_id, part.organisation_id): part for part in made}


def _reach(incident: Incident, organisation: int | None, audience: str, parts: Parts) -> tuple[Any, str]:
    """Give the part and the readers of a thing: what is for a part that is not there is for the handling teams."""
    part = None if organisation is None else parts.get((incident.pk, organisation))
    return part, audience if part is not None or audience == Audience.ALL else Audience.TEAM


def _entries(together: Together, parts: Parts) -> list[TimelineEntry]:
    wanted = [(incident, entry) for incident, each in together for entry in each.entries]
    uuids = _free(TimelineEntry.objects.all(), [entry.uuid for _incident, entry in wanted])
    made = []
    for (incident, entry), uuid in zip(wanted, uuids, strict=True):
        part, audience = _reach(incident, entry.organisation, entry.audience, parts)
        line = TimelineEntry(
            uuid=uuid,
            incident=incident,
            entity=part,
            kind=entry.kind,
            audience=audience,
            time=entry.time,
            event=entry.event,
            details=dict(entry.details),
            text=entry.text,
            author_id=entry.author,
            technique=entry.technique,
            pinned=entry.pinned,
        )
        made.append(line)
    return TimelineEntry.objects.bulk_create(made, batch_size=AT_ONCE)


def _tasks(together: Together, parts: Parts) -> None:
    wanted = [(incident, task) for incident, each in together for task in each.tasks]
    uuids = _free(Task.objects.all(), [task.uuid for _incident, task in wanted])
    Task.objects.bulk_create(
        (
            Task(
                uuid=uuid,
                incident=incident,
                entity=_reach(incident, task.organisation, Audience.ENTITY, parts)[0],
                title=task.title,
                state=task.state,
                due_at=task.due_at,
                answer=task.answer,
                assignee_id=task.assignee,
                created_at=incident.created_at,
            )
            for (incident, task), uuid in zip(wanted, uuids, strict=True)
        ),
        batch_size=AT_ONCE,
    )


def _texts(together: Together, entries: Sequence[TimelineEntry]) -> Iterable[tuple[int, str, tuple[int | None, str]]]:
    for incident, each in together:
        yield incident.pk, f"{each.title}\n{each.summary}", (None, Audience.TEAM)
    for entry in entries:
        if entry.text:
            yield entry.incident_id, entry.text, (entry.entity_id, entry.audience)


def _listed(together: Together, parts: Parts) -> Iterable[tuple[int, Observable, tuple[int | None, str]]]:
    for incident, each in together:
        for sighting in each.sightings:
            part, audience = _reach(incident, sighting.organisation, sighting.audience, parts)
            yield incident.pk, sighting.observable, (None if part is None else part.pk, audience)


def changed_since(incidents: Mapping[int, datetime]) -> list[Incident]:
    """Give those of some incidents (inner id -> time) that were changed after that time, or that something was told of.

    Their rows are held for the rest of the caller's transaction.
    """
    changed: list[Incident] = []
    for start in range(0, len(incidents), AT_ONCE):
        ids = list(incidents)[start : start + AT_ONCE]
        rows = list(Incident.objects.select_for_update().filter(pk__in=ids))
        told = set(Notice.objects.filter(matter__in=[row.uuid for row in rows]).values_list("matter", flat=True))
        changed += [row for row in rows if row.updated_at != incidents[row.pk] or row.uuid in told]
    return changed


def let_go(
    *, actor: Person, incidents: Sequence[int], details: Mapping[str, Any], told: Callable[[int], None] | None = None
) -> int:
    """Remove adopted incidents (inner ids) with all that came with them, in the caller's transaction."""
    gone = 0
    for start in range(0, len(incidents), AT_ONCE):
        ids = incidents[start : start + AT_ONCE]
        rows = list(Incident.objects.filter(pk__in=ids))
        audit.record_many(actor, "incident.let_go", rows, details)
        forget(ids)
        for children in (Sighting.objects, TimelineEntry.objects, Task.objects, Seal.objects, IncidentEntity.objects):
            children.filter(incident__in=ids).delete()
        Incident.objects.filter(pk__in=ids).delete()
        gone += len(rows)
        if told is not None:
            told(gone)
    return gone
