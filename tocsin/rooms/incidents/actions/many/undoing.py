"""Take back what was done with many incidents at once, but leave alone what somebody has touched since."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from tocsin.platform import audit
from tocsin.platform.access import require, scope_of
from tocsin.platform.bulk import chunks, held_for_undo, settle_undo
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.incidents.actions.many.deciding import Act
from tocsin.rooms.incidents.actions.many.doing import CLOSED, closed_state
from tocsin.rooms.incidents.actions.record import line, note_each
from tocsin.rooms.incidents.models import BulkChange, Deadline, Incident, TimelineEntry

BY_OTHERS = ("wrote", "stranger_wrote")  # people outside, who have no account

Rows = Mapping[int, Mapping[str, Any]]


@transaction.atomic
def undo_many(*, actor: Person, change: BulkChange) -> int:
    """Put the incidents back as they were before; give how many."""
    require(actor, "incidents.work")
    current = held_for_undo(BulkChange.objects, change, actor, ValidationError)
    restored = sum(_restored(actor, current, {row["id"]: row for row in some}) for some in chunks(current.before))
    return settle_undo(current, change, restored)


def _restored(actor: Person, change: BulkChange, before: Rows) -> int:
    incidents = _untouched(actor, change, before)
    if not incidents:
        return 0
    BACK[change.act](incidents, before)
    audit.record_many(actor, "incident.undo", incidents, {"bulk": str(change.uuid), "act": change.act})
    now = timezone.now()
    note_each(incidents, [line(each, "undone", author=actor, time=now) for each in incidents], now)
    return len(incidents)


def _untouched(actor: Person, change: BulkChange, before: Rows) -> list[Incident]:
    """Give, held, those that the actor still handles and that stand as the change left them."""
    held = list(Incident.objects.select_for_update().filter(pk__in=list(before), **_left(change)).order_by("pk"))
    handled = set(Incident.objects.handled_by(actor).filter(pk__in=list(before)).values_list("pk", flat=True))
    since = TimelineEntry.objects.filter(incident__in=list(before)).filter(
        Q(created_at__gt=change.done_at) & (Q(author__isnull=False) | Q(event__in=BY_OTHERS))
        | Q(corrected_at__gt=change.done_at)
    )
    touched = set(since.values_list("incident", flat=True))
    return [each for each in held if each.pk in handled and each.pk not in touched]


def _left(change: BulkChange) -> dict[str, Any]:
    """Give how the change left each incident."""
    if change.act == Act.SEVERITY:
        return {"severity": change.given["severity"]}
    if change.act == Act.CLOSE:
        return {"state": closed_state()}
    return {"owner": change.given.get("person", change.person_id)}


def _disown(incidents: Sequence[Incident], before: Rows) -> None:
    """Give them back to whom they belonged, as far as these may still work on them; else to nobody."""
    alike: dict[int | None, list[Incident]] = defaultdict(list)
    for each in incidents:
        alike[before[each.pk]["owner"]].append(each)
    people = Person.objects.filter(is_active=True).in_bulk([pk for pk in alike if pk is not None])
    for pk, same in alike.items():
        person = people.get(pk) if pk is not None else None
        ids = [each.pk for each in same]
        still: set[int] = set()
        if person is not None and scope_of(person).allows("incidents.view"):
            still = set(Incident.objects.handled_by(person).filter(pk__in=ids).values_list("pk", flat=True))
        for each in same:
            each.owner = person if each.pk in still else None
        Incident.objects.filter(pk__in=still).update(owner=person)
        Incident.objects.filter(pk__in=set(ids) - still).update(owner=None)


def _rerate(incidents: Sequence[Incident], before: Rows) -> None:
    for each in incidents:
        each.severity = before[each.pk]["severity"]
    Incident.objects.bulk_update(incidents, ["severity"])


def _open_again(incidents: Sequence[Incident], before: Rows) -> None:
    for each in incidents:
        each.open, each.closed_at = True, None
        for name in CLOSED:
            setattr(each, name, before[each.pk][name])
    Incident.objects.bulk_update(incidents, ["open", "closed_at", *CLOSED])
    _go_on({each.pk: before[each.pk] for each in incidents})


def _go_on(before: Rows) -> None:
    """Let the deadlines go on that ended with the closing, and the pauses that did."""
    at = datetime.fromisoformat(next(iter(before.values()))["at"])
    theirs = Deadline.objects.filter(incident__in=list(before))
    theirs.filter(met_at=at).update(met_at=None, took=None)
    theirs.filter(stopped_at=at).update(stopped_at=None)
    pauses = {pk: (since, seconds) for row in before.values() for pk, since, seconds in row["pauses"]}
    paused = list(theirs.filter(pk__in=list(pauses)))
    for each in paused:
        since, seconds = pauses[each.pk]
        each.paused_at, each.paused = datetime.fromisoformat(since), seconds
    Deadline.objects.bulk_update(paused, ["paused_at", "paused"])


BACK: Mapping[str, Callable[[Sequence[Incident], Rows], None]] = {
    Act.TAKE: _disown,
    Act.ASSIGN: _disown,
    Act.SEVERITY: _rerate,
    Act.CLOSE: _open_again,
}
