"""Warn before a deadline is late, note when it is, and mend what strayed: idempotent, run by the worker."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from tocsin.platform import audit
from tocsin.platform.locks import make_way
from tocsin.rooms.incidents.actions.deadlines import follow, follow_many, line, sum_up
from tocsin.rooms.incidents.actions.telling import tell_deadline
from tocsin.rooms.incidents.knowledge.levels import Answers, levels
from tocsin.rooms.incidents.models import OPEN, RUNNING, Deadline, Incident, TimelineEntry
from tocsin.rooms.notices.models import Notice

AT_ONCE, MOST = 50, 20_000  # incidents a batch, and a run
HEARD_WITHIN = timedelta(days=2)  # of a notice about an incident, by its time of sending


def keep_levels() -> None:
    """Let strayed deadlines follow their incidents, hear of notices, then warn and note what is late."""
    for batch in _batches(_strayed):
        _follow(batch)
    hear()
    for batch in _batches(_due):
        for incident in batch:
            alarm(incident)


def _batches(find: Callable[[datetime], QuerySet[Incident]]) -> Iterator[list[Incident]]:
    """Give the incidents found, by their inner ids; none is taken twice in a run."""
    found, done, last = find(timezone.now()).order_by("pk"), 0, 0
    while done < MOST and (batch := list(found.filter(pk__gt=last).only("pk")[:AT_ONCE])):
        yield batch
        if len(batch) == AT_ONCE:
            make_way()
        last, done = batch[-1].pk, done + len(batch)


@transaction.atomic
def _follow(batch: Sequence[Incident]) -> None:
    """Let the deadlines of a batch follow: after an upgrade, of every open incident."""
    held = Incident.objects.select_for_update(of=("self",)).filter(pk__in=[each.pk for each in batch])
    follow_many(list(held.order_by("pk")), timezone.now())


def _strayed(_now: datetime) -> QuerySet[Incident]:
    """Find incidents whose deadlines are not what they should be, because something changed past the actions."""
    of_one = Deadline.objects.filter(OPEN, incident=OuterRef("pk"))
    owner = Q(answers=Answers.OWNER, incident__owner__isnull=False) & ~Q(person=F("incident__owner"))
    team = Q(answers=Answers.TEAM, incident__owner_team__isnull=False) & ~Q(team=F("incident__owner_team"))
    strays = Q(incident__open=False) | ~Q(severity=F("incident__severity")) | owner | team
    for kind, states in levels().reached.items():
        strays |= Q(kind=kind, entity=None, incident__state__in=states)
    none = Q(open=True) & ~Exists(Deadline.objects.filter(incident=OuterRef("pk")))
    found: QuerySet[Incident] = Incident.objects.filter(Q(Exists(of_one.filter(strays))) | none)
    return found


def hear() -> None:
    """Take notices about incidents for updates: those concerned were told."""
    since = timezone.now() - HEARD_WITHIN
    sent = Notice.objects.filter(matter_kind="incident", sent_at__gte=since).values("matter", "sent_at")
    told = {each["matter"]: each["sent_at"] for each in sent.order_by("sent_at")}
    waiting = Deadline.objects.filter(OPEN, kind=Deadline.Kind.UPDATE, entity=None, incident__uuid__in=list(told))
    for deadline in waiting.select_related("incident").iterator():
        if deadline.started_at < told[deadline.incident.uuid]:
            follow(deadline.incident, told=True)


def _due(now: datetime) -> QuerySet[Incident]:
    near = Deadline.objects.filter(RUNNING, warned_at=None, warn_at__lte=now).values("incident")
    late = Deadline.objects.filter(RUNNING, breached_at=None, due_at__lte=now).values("incident")
    found: QuerySet[Incident] = Incident.objects.filter(Q(pk__in=near) | Q(pk__in=late))
    return found


@transaction.atomic
def alarm(incident: Incident) -> None:
    """Warn whoever answers for a deadline of the incident that is near; note those that are late. Each once."""
    follow(incident)  # whoever holds the office now is warned
    current: Incident = Incident.objects.select_for_update(of=("self",)).get(pk=incident.pk)
    now, entries = timezone.now(), []
    deadlines = list(current.deadlines.filter(OPEN))
    for deadline in deadlines:
        if deadline.paused_at is None and (entry := _alarmed(deadline, now)):
            deadline.save(update_fields=["warned_at", "breached_at"])
            tell_deadline(deadline, current, late=entry.event == "deadline_late")
            entries.append(entry)
    if not entries:
        return
    TimelineEntry.objects.bulk_create(entries)
    late = [entry.details["promise"] for entry in entries if entry.event == "deadline_late"]
    if late:
        audit.record(None, "incident.deadline_late", current, {"promises": late})
    sum_up(current, deadlines)
    Incident.objects.filter(pk=current.pk).update(updated_at=now)


def _alarmed(deadline: Deadline, now: datetime) -> TimelineEntry | None:
    near, late = deadline.warned_at is None and deadline.warn_at <= now, deadline.due_at <= now
    if late and deadline.breached_at is None:
        deadline.warned_at, deadline.breached_at = deadline.warned_at or now, deadline.due_at
        return line(deadline, "deadline_late", due=deadline.due_at.isoformat())
    if near and not late:
        deadline.warned_at = now
        return line(deadline, "deadline_near", due=deadline.due_at.isoformat())
    if near:
        deadline.warned_at = now
        deadline.save(update_fields=["warned_at"])
    return None
