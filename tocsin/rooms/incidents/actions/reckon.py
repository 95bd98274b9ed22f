"""Which deadlines an incident has, and by whom: worked out from its policies, its organisations and its state."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from tocsin.platform import calendars
from tocsin.platform.calendar_files import calendar
from tocsin.rooms.constituency.models import Membership, Organisation
from tocsin.rooms.incidents.knowledge.levels import (
    LONGEST,
    MEASURED,
    NOBODY,
    Answers,
    Begins,
    Promise,
    Standing,
    levels,
)
from tocsin.rooms.incidents.models import Deadline, Incident, IncidentEntity

Key = tuple[int | None, str]  # the part, and what is promised


@dataclass(frozen=True, slots=True)
class Wanted:
    """A deadline as it should be; ``entity`` is the part it is of, none for the handling team's."""

    promise: Promise
    entity: IncidentEntity | None
    started_at: datetime
    due_at: datetime
    person: int | None
    team: int | None


def wanted(incident: Incident, parts: Sequence[IncidentEntity], since: datetime | None = None) -> dict[Key, Wanted]:
    """Give the deadlines that an incident with these parts should have now; none begins before ``since``.

    Where several organisations are concerned and promised different times, the handling team's is the one due first.
    """
    return _goals(incident, parts, _standings([part.organisation for part in parts]), None, since)


def wanted_of_many(
    incidents: Iterable[Incident], parts: Iterable[IncidentEntity], since: Mapping[int, datetime]
) -> dict[int, dict[Key, Wanted]]:
    """Give the same for many incidents, ``since`` included by inner id, in a number of queries that does not grow."""
    by_incident: dict[int, list[IncidentEntity]] = {}
    for part in parts:
        by_incident.setdefault(part.incident_id, []).append(part)
    concerned = {part.organisation_id for some in by_incident.values() for part in some}
    places = _standings(Organisation.objects.filter(pk__in=concerned))
    officers = _officers(concerned)
    return {
        each.pk: _goals(each, by_incident.get(each.pk, []), places, officers, since.get(each.pk)) for each in incidents
    }


def _goals(
    incident: Incident,
    parts: Sequence[IncidentEntity],
    places: Mapping[int, Standing],
    officers: Mapping[int, int] | None,
    since: datetime | None,
) -> dict[Key, Wanted]:
    found: dict[Key, Wanted] = {}
    concerned: Sequence[IncidentEntity | None] = parts or [None]
    for part in concerned:
        place = places[part.organisation_id] if part else NOBODY
        for promise in levels().promises(place, incident.severity):
            own = part if promise.answers is Answers.OFFICER else None
            if own and officers is None:
                officers = _officers(places)
            each = _wanted(incident, promise, own, officers or {}, since)
            key = (own.pk if own else None, promise.kind.value)
            if key not in found or each.due_at < found[key].due_at:
                found[key] = each
    return found


def _wanted(
    incident: Incident,
    promise: Promise,
    part: IncidentEntity | None,
    officers: Mapping[int, int],
    since: datetime | None,
) -> Wanted:
    started = _begin(incident, promise.begins, part)
    started = started if since is None else max(started, since)
    due = calendars.add(calendar(promise.calendar), started, timedelta(seconds=promise.target))
    person, team = _owner(incident, promise.answers, officers.get(part.organisation_id) if part else None)
    return Wanted(promise, part, started, due, person, team)


def _begin(incident: Incident, begins: Begins, part: IncidentEntity | None) -> datetime:
    opened = incident.created_at
    if begins is Begins.AWARE and part is not None:
        return part.aware_at
    if begins is Begins.BEGAN and incident.occurred_at is not None:
        return max(min(incident.occurred_at, opened), opened - LONGEST)
    return opened


def _owner(incident: Incident, answers: str, officer: int | None) -> tuple[int | None, int | None]:
    """Give who answers for a deadline, a person or a team: nobody's work is whoever's who opened the incident."""
    if officer is not None:
        return officer, None
    if answers == Answers.TEAM and incident.owner_team_id is not None:
        return None, incident.owner_team_id
    if incident.owner_id is not None:
        return incident.owner_id, None
    if incident.owner_team_id is not None:
        return None, incident.owner_team_id
    return incident.opened_by_id, None


def _standings(organisations: Iterable[Organisation]) -> dict[int, Standing]:
    """Give the organisations as policies see them, in one query."""
    lines = {each: [int(pk) for pk in reversed(each.path.split("/")) if pk] for each in organisations}
    above = Organisation.objects.filter(pk__in={pk for line in lines.values() for pk in line})
    codes = dict(above.values_list("pk", "code"))
    return {
        each.pk: Standing(tuple(codes[pk] for pk in line if pk in codes), each.kind) for each, line in lines.items()
    }


def _officers(places: Iterable[int]) -> dict[int, int]:
    """Give the officer of each organisation, else the deputy: whoever has held it longest."""
    held = Membership.objects.valid().filter(
        organisation__in=list(places), role__in=("officer", "deputy"), person__is_active=True
    )
    found: dict[int, int] = {}
    for place, person in held.order_by("-role", "pk").values_list("organisation", "person"):
        found.setdefault(place, person)
    return found


def due_after(deadline: Deadline, share: int = 100) -> datetime:
    """Give when ``share`` per cent of a deadline's time will have passed, earlier pauses left out."""
    seconds = deadline.target * share // 100 + deadline.paused
    return calendars.add(calendar(deadline.calendar), deadline.started_at, timedelta(seconds=seconds))


def passed(deadline: Deadline, since: datetime, until: datetime) -> int:
    """Give how many seconds of a deadline's calendar passed between two instants."""
    return max(0, int(calendars.between(calendar(deadline.calendar), since, until).total_seconds()))


def is_kept(incident: Incident, deadline: Deadline) -> bool:
    """Tell whether the incident's state keeps a promise; an organisation acknowledges by answering, whatever state."""
    if deadline.kind not in MEASURED or (deadline.entity_id and deadline.kind == Deadline.Kind.ACKNOWLEDGE):
        return False
    return incident.state in levels().reached[Deadline.Kind(deadline.kind)]
