"""Keep the deadlines of an incident: the one place that writes a due date.

`follow` is called with every line of the timeline (see `record.note_many`), in the same transaction: whatever changes
an incident writes a line, so the deadlines follow every change. It holds the incident's row first.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from tocsin.rooms.incidents.actions.reckon import Key, Wanted, due_after, is_kept, passed, wanted, wanted_of_many
from tocsin.rooms.incidents.models import NO_DUE, Audience, Deadline, Incident, IncidentEntity, TimelineEntry

AT_ONCE = 500
REMEMBERED = (
    "incident_id", "severity", "policy", "version", "calendar", "target", "warn_share", "answers", "escalate",
    "may_pause", "person_id", "team_id", "started_at", "due_at", "warn_at", "warned_at", "breached_at", "met_at",
    "stopped_at", "took", "paused_at", "paused", "pause_reason",
)  # fmt: skip
FIELDS = [name.removesuffix("_id") for name in REMEMBERED]


@transaction.atomic
def follow(incident: Incident, *, told: bool = False, answered: Collection[int] = ()) -> None:
    """Let the deadlines follow what an incident now is; the timeline keeps what moved.

    ``told`` says that those concerned were told something, ``answered`` are the parts whose organisation answered.
    """
    current: Incident = Incident.objects.select_for_update(of=("self",)).get(pk=incident.pk)
    parts = list(current.entities.select_related("organisation").order_by("pk"))
    since = _adopted_at(current) if current.open else None
    goals = wanted(current, parts, since) if current.open else {}
    way = Way(current, parts, _known(current, parts), goals, since)
    _write([way], [*way.follow(timezone.now(), told=told, answered=answered)])
    incident.next_due_at, incident.breached = current.next_due_at, current.breached


@transaction.atomic
def follow_many(incidents: Sequence[Incident], now: datetime, *, told: bool = False) -> None:
    """Let the deadlines of some hundred incidents follow, in a number of statements that hardly grows."""
    ids = [each.pk for each in incidents]
    parts: dict[int, list[IncidentEntity]] = {pk: [] for pk in ids}
    of_part: dict[int, int] = {}
    for part in IncidentEntity.objects.filter(incident__in=ids).select_related("organisation").order_by("pk"):
        parts[part.incident_id].append(part)
        of_part[part.pk] = part.incident_id
    known: dict[int, dict[Key, Deadline]] = {pk: {} for pk in ids}
    own = Deadline.objects.filter(incident__in=ids, entity=None)
    for each in (*own, *Deadline.objects.filter(entity__in=list(of_part))):  # one by one: each has an index
        home = each.incident_id if each.entity_id is None else of_part[each.entity_id]
        known[home][each.entity_id, each.kind] = each
    adopted = TimelineEntry.objects.filter(incident__in=ids, event="adopted").order_by("-time", "-id")
    since = dict(adopted.values_list("incident", "time"))
    opened = [each for each in incidents if each.open]
    goals = wanted_of_many(opened, (part for each in opened for part in parts[each.pk]), since)
    ways = [Way(each, parts[each.pk], known[each.pk], goals.get(each.pk, {}), since.get(each.pk)) for each in incidents]
    _write(ways, [line for way in ways for line in way.follow(now, told=told)])


@dataclass(frozen=True, slots=True)
class Way:
    """The deadlines an incident has (``known``) and those it should have (``goals``); ``since`` it is here at all."""

    incident: Incident
    parts: Sequence[IncidentEntity]
    known: dict[Key, Deadline]
    goals: Mapping[Key, Wanted]
    since: datetime | None
    before: dict[int, tuple[Any, ...]] = field(default_factory=dict)

    def follow(self, now: datetime, *, told: bool = False, answered: Collection[int] = ()) -> list[TimelineEntry]:
        """Make, move, meet and stop deadlines, in memory; give what to say of it."""
        self.before.update({each.pk: _remembered(each) for each in self.known.values()})
        entries = _align(self, now)
        for (part, kind), each in self.known.items():
            if not each.open:
                continue
            if told and part is None and kind == Deadline.Kind.UPDATE:
                restart(each, now)
            if is_kept(self.incident, each) or (part in answered and kind == Deadline.Kind.ACKNOWLEDGE):
                meet(each, now)
        return entries

    def changed(self) -> Iterator[tuple[Deadline, list[str]]]:
        """Give the deadlines that are not as they were, and in which fields."""
        for each in self.known.values():
            after = _remembered(each)
            was = self.before.get(each.pk, after)
            names = [name for name, old, new in zip(FIELDS, was, after, strict=True) if old != new]
            if names:
                yield each, names


def _write(ways: Sequence[Way], entries: Sequence[TimelineEntry]) -> None:
    Deadline.objects.bulk_create(
        (each for way in ways for each in way.known.values() if each.pk is None), batch_size=AT_ONCE
    )
    changed = [pair for way in ways for pair in way.changed()]
    names = sorted({name for _deadline, some in changed for name in some})
    if names:
        Deadline.objects.bulk_update([each for each, _names in changed], names, batch_size=AT_ONCE)
    TimelineEntry.objects.bulk_create(entries, batch_size=AT_ONCE)
    sum_up_many([(way.incident, way.known.values()) for way in ways])


def _known(incident: Incident, parts: Sequence[IncidentEntity]) -> dict[Key, Deadline]:
    """Give the deadlines of an incident; those of a part that came from another incident come with it."""
    own = Q(incident=incident, entity=None) | Q(entity__in=[part.pk for part in parts])
    return {(each.entity_id, each.kind): each for each in Deadline.objects.filter(own)}


def sum_up(incident: Incident, deadlines: Iterable[Deadline]) -> None:
    """Note at the incident which of its deadlines is due next, and whether one is late: of the handling team's."""
    sum_up_many([(incident, deadlines)])


def sum_up_many(some: Iterable[tuple[Incident, Iterable[Deadline]]]) -> None:
    """Note the same at many incidents."""
    moved: list[Incident] = []
    for incident, deadlines in some:
        own = [each for each in deadlines if each.entity_id is None and each.open]
        due = min((each.due_at for each in own if each.paused_at is None), default=NO_DUE)
        late = any(each.breached_at for each in own)
        if (incident.next_due_at, incident.breached) != (due, late):
            incident.next_due_at, incident.breached = due, late
            moved.append(incident)
    if moved:
        Incident.objects.bulk_update(moved, ["next_due_at", "breached"], batch_size=AT_ONCE)


def meet(deadline: Deadline, now: datetime) -> None:
    """Note that a promise is kept now; a pause that runs ends with it."""
    end_pause(deadline, now)
    deadline.met_at = now
    deadline.took = max(0, passed(deadline, deadline.started_at, now) - deadline.paused)
    if deadline.breached_at is None and now > deadline.due_at:
        deadline.breached_at = deadline.due_at


def restart(deadline: Deadline, now: datetime) -> None:
    """Let the time of a deadline begin anew."""
    deadline.started_at, deadline.paused, deadline.paused_at = now, 0, None
    _set_due(deadline, now)


def end_pause(deadline: Deadline, now: datetime) -> None:
    """Let time pass again; what passed meanwhile is given on top."""
    if deadline.paused_at is not None:
        deadline.paused += passed(deadline, deadline.paused_at, now)
        deadline.paused_at = None
        _set_due(deadline, now)


def line(deadline: Deadline, event: str, **details: Any) -> TimelineEntry:
    """Make a line of the timeline about a deadline, for those who see it."""
    return TimelineEntry(
        incident_id=deadline.incident_id,
        entity_id=deadline.entity_id,
        kind=TimelineEntry.Kind.CHANGE,
        audience=Audience.ENTITY if deadline.entity_id else Audience.TEAM,
        event=event,
        details={"promise": str(deadline.kind), **details},
    )


def _align(way: Way, now: datetime) -> list[TimelineEntry]:
    """Make, move and stop deadlines until they are those that the incident should have; give what to say of it."""
    incident, known, goals, since = way.incident, way.known, way.goals, way.since
    moved: dict[int | None, list[tuple[Deadline, datetime]]] = {}
    for each in known.values():
        each.incident_id = incident.pk
    for key, goal in goals.items():
        fresh = Deadline(incident=incident, entity_id=key[0], kind=key[1])
        if since is not None and key not in known and is_kept(incident, fresh):
            continue  # it was kept elsewhere, nobody knows when
        deadline = known.setdefault(key, fresh)
        if deadline.met_at is not None:
            continue
        was = deadline.due_at
        _take_on(deadline, goal, now)
        if was is not None and was != deadline.due_at:
            moved.setdefault(key[0], []).append((deadline, was))
    entries = [_moved(each) for each in moved.values()]
    for key, deadline in known.items():
        if key not in goals and deadline.open:
            deadline.stopped_at, deadline.paused_at = now, None
            if incident.open:
                entries.append(line(deadline, "deadline_dropped"))
    return entries


def _moved(deadlines: list[tuple[Deadline, datetime]]) -> TimelineEntry:
    """Say in one line how the due dates of one part moved."""
    entry = line(deadlines[0][0], "deadlines_moved")
    moves = [[str(each.kind), was.isoformat(), each.due_at.isoformat()] for each, was in deadlines]
    entry.details = {"moves": moves}
    return entry


def _adopted_at(incident: Incident) -> datetime | None:
    """Give when an incident came from elsewhere: nothing was promised of it here before."""
    return incident.timeline.filter(event="adopted").values_list("time", flat=True).first()


def begin(incidents: Sequence[Incident], parts: Sequence[IncidentEntity], now: datetime) -> None:
    """Begin the deadlines of many incidents that come from elsewhere ``now``, in the caller's transaction."""
    still_open = {each.pk: each for each in incidents if each.open}
    made: list[Deadline] = []
    for pk, goals in wanted_of_many(still_open.values(), parts, dict.fromkeys(still_open, now)).items():
        own = []
        for (part, kind), goal in goals.items():
            deadline = Deadline(incident=still_open[pk], entity_id=part, kind=kind)
            if not is_kept(still_open[pk], deadline):
                _take_on(deadline, goal, now)
                own.append(deadline)
        made += own
        still_open[pk].next_due_at = min((each.due_at for each in own if each.entity_id is None), default=NO_DUE)
    Deadline.objects.bulk_create(made, batch_size=AT_ONCE)
    Incident.objects.bulk_update(still_open.values(), ["next_due_at"], batch_size=AT_ONCE)


def _take_on(deadline: Deadline, goal: Wanted, now: datetime) -> None:
    promise = goal.promise
    deadline.severity, deadline.policy, deadline.version = promise.severity, promise.policy, promise.version
    deadline.calendar, deadline.target, deadline.warn_share = promise.calendar, promise.target, promise.warn_share
    deadline.answers, deadline.escalate, deadline.may_pause = promise.answers, promise.escalate, promise.may_pause
    deadline.person_id, deadline.team_id = goal.person, goal.team
    if deadline.stopped_at is not None:  # what passed while the incident was closed is given on top
        deadline.paused += passed(deadline, deadline.stopped_at, now)
        deadline.stopped_at = None
    if deadline.kind != Deadline.Kind.UPDATE or deadline.pk is None:  # the time of updates begins with each of them
        deadline.started_at = goal.started_at
    _set_due(deadline, now)


def _set_due(deadline: Deadline, now: datetime) -> None:
    deadline.due_at, deadline.warn_at = due_after(deadline), due_after(deadline, deadline.warn_share)
    if deadline.due_at > now:
        deadline.breached_at = None
    if deadline.warn_at > now:
        deadline.warned_at = None


def _remembered(deadline: Deadline) -> tuple[Any, ...]:
    return tuple(getattr(deadline, name) for name in REMEMBERED)
