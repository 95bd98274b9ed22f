"""Do one act with many incidents, in batches: the same lines, audit and deadlines as the single act leaves."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from tocsin.platform import audit
from tocsin.platform.bulk import chunks
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.incidents import knowledge
from tocsin.rooms.incidents.actions.many.deciding import Act, Order, refused
from tocsin.rooms.incidents.actions.record import line, note_each
from tocsin.rooms.incidents.actions.rises import settle_owners
from tocsin.rooms.incidents.actions.telling import tell_given
from tocsin.rooms.incidents.models import Audience, BulkChange, Deadline, Incident, TimelineEntry

RESPONSE = TimelineEntry.Kind.RESPONSE
CLOSED = ("state", "disposition", "near_miss", "rsit_class", "closing_cause", "closing_impact", "closing_lesson",
          "closing_confidentiality", "closing_integrity", "closing_availability")  # fmt: skip


@transaction.atomic
def change_many(
    *, actor: Person, ids: Sequence[int], order: Order, all_or_none: bool = False
) -> tuple[BulkChange, Counter[str]]:
    """Do it with those of the incidents (inner ids, as a preview has shown them) that still allow it.

    Gives the change and why others were passed over; with ``all_or_none`` nothing is done when there is one such.
    """
    order.check_words()
    now = timezone.now()
    given = {"person": order.person.pk} if order.person is not None else {"severity": order.severity}
    text = order.reason.strip() or order.closing.get("cause", "").strip()
    change = BulkChange.objects.create(
        person=actor, act=order.act, given=given, text=text, count=0, before=[], done_at=now
    )
    passed: Counter[str] = Counter()
    for some in chunks(sorted(ids)):
        seen = Incident.objects.visible_to(actor).filter(pk__in=some)
        incidents = list(seen.select_for_update(of=("self",)).order_by("pk"))
        against = refused(actor, incidents, order)
        passed.update(against.values())
        able = [each for each in incidents if each.pk not in against]
        if able:
            change.before += ACTS[order.act](actor, able, order, change)
    change.count = len(change.before)
    if all_or_none and change.count < len(ids):
        raise ValidationError(_("Some of them do not allow it any more; nothing was done. Look again."))
    if not change.count:
        raise ValidationError(_("None of these incidents allows this now."))
    change.done_at = timezone.now()
    change.save(update_fields=["before", "count", "done_at"])
    return change, passed


def _own(actor: Person, incidents: Sequence[Incident], order: Order, change: BulkChange) -> list[dict[str, Any]]:
    """Take, or give to somebody."""
    now, owner = timezone.now(), order.owner(actor)
    before = [{"id": each.pk, "owner": each.owner_id} for each in incidents]
    for each in incidents:
        each.owner = owner
    Incident.objects.filter(pk__in=[each.pk for each in incidents]).update(owner=owner)
    settle_owners(incidents, owner)
    told: dict[str, Any] = {"bulk": str(change.uuid)}
    if order.act == Act.TAKE:
        audit.record_many(actor, "incident.take", incidents, told)
    else:
        audit.record_many(actor, "incident.assign", incidents, {"person": str(owner.uuid), **told})
    event = "taken" if order.act == Act.TAKE else "assigned"
    lines = [line(each, event, person=owner, author=actor, kind=RESPONSE, time=now) for each in incidents]
    note_each(incidents, lines, now)
    tell_given(incidents, owner, by=actor)
    return before


def _rate(actor: Person, incidents: Sequence[Incident], order: Order, change: BulkChange) -> list[dict[str, Any]]:
    """Change the severity; the reason stands in each timeline."""
    now = timezone.now()
    before = [{"id": each.pk, "severity": each.severity} for each in incidents]
    alike: dict[int, list[Incident]] = defaultdict(list)
    lines = []
    for each in incidents:
        alike[each.severity].append(each)
        moved = {"severity": [each.severity, order.severity]}
        lines.append(line(each, "changed", changes=moved, text=order.reason.strip(), author=actor, time=now))
    for old, same in alike.items():
        told = {"severity": [str(old), str(order.severity)], "bulk": str(change.uuid)}
        audit.record_many(actor, "incident.change", same, told)
    for each in incidents:
        each.severity = order.severity or 0
    Incident.objects.filter(pk__in=[each.pk for each in incidents]).update(severity=order.severity)
    note_each(incidents, lines, now)
    return before


def _close(actor: Person, incidents: Sequence[Incident], order: Order, change: BulkChange) -> list[dict[str, Any]]:
    """Close with the same texts; whatever has no class gets the one chosen."""
    now, told = timezone.now(), {"bulk": str(change.uuid)}
    before = _before_closing(incidents, now)
    closing: dict[str, Any] = {name: text.strip() for name, text in order.closing.items()}
    target = closed_state()
    lines = _classed(actor, [each for each in incidents if not each.rsit_class], order, told, now)
    alike: dict[str, list[Incident]] = defaultdict(list)
    for each in incidents:
        alike[each.state].append(each)
        lines.append(
            line(each, "state", before=each.state, after=target, author=actor, kind=RESPONSE, time=now,
                 audience=Audience.ALL)
        )  # fmt: skip
        lines.append(line(each, "closing", **closing, author=actor, time=now))
    for old, same in alike.items():
        audit.record_many(actor, "incident.close", same, {"state": [old, target], **told})
    values = {"state": target, "open": not knowledge.is_terminal(target), "closed_at": now, "disposition": "",
              "near_miss": False, **{f"closing_{name}": text for name, text in closing.items()}}  # fmt: skip
    Incident.objects.filter(pk__in=[each.pk for each in incidents]).update(**values)
    for each in incidents:
        for name, value in values.items():
            setattr(each, name, value)
    note_each(incidents, lines, now)
    return before


def closed_state() -> str:
    """Give the state that closing leads to."""
    return next(each.target for each in knowledge.machine().transitions if each.event == "close")


def _before_closing(incidents: Sequence[Incident], now: datetime) -> list[dict[str, Any]]:
    """Give how they stand, with the pauses that end; ``at`` is when their deadlines end."""
    paused = Deadline.objects.filter(incident__in=incidents, paused_at__isnull=False, met_at=None, stopped_at=None)
    pauses: dict[int, list[Any]] = defaultdict(list)
    for each in paused:
        pauses[each.incident_id].append([each.pk, audit.plain(each.paused_at), each.paused])
    return [
        {"id": each.pk, "at": now.isoformat(), "pauses": pauses[each.pk]}
        | {name: getattr(each, name) for name in CLOSED}
        for each in incidents
    ]


def _classed(
    actor: Person, incidents: Sequence[Incident], order: Order, told: Mapping[str, Any], now: datetime
) -> list[TimelineEntry]:
    if not (incidents and order.rsit_class):
        return []
    Incident.objects.filter(pk__in=[each.pk for each in incidents]).update(rsit_class=order.rsit_class)
    for each in incidents:
        each.rsit_class = order.rsit_class
    moved = {"rsit_class": ["", order.rsit_class]}
    audit.record_many(actor, "incident.change", incidents, {**moved, **told})
    return [line(each, "changed", changes=moved, author=actor, time=now) for each in incidents]


ACTS: Mapping[str, Callable[[Person, Sequence[Incident], Order, BulkChange], list[dict[str, Any]]]] = {
    Act.TAKE: _own,
    Act.ASSIGN: _own,
    Act.SEVERITY: _rate,
    Act.CLOSE: _close,
}
