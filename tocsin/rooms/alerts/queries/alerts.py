"""Reads of alerts; each starts at what the person may see."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, F, Max, Q, QuerySet, Sum, Value
from django.db.models.functions import Concat
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tocsin.platform.access import scope_of
from tocsin.platform.lists import RowCompare, shown_count
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.alerts.models import (
    LEVEL_STEP,
    Alert,
    AlertComment,
    BulkChange,
    Hit,
    RawLine,
    Suppression,
)
from tocsin.rooms.alerts.schemas import (
    BY_LEVEL,
    BY_TIME,
    CLOSED,
    DAY,
    LEVELS,
    UNSUPPRESSED,
    Assigned,
    Filters,
    Shown,
)
from tocsin.rooms.constituency.models import Membership, Organisation

SEARCHED = 3_000  # of the list's first alerts, when words are looked for
MOST_FOUND = 500
CHOSEN_AT_ONCE = 200
TAB_LIMIT = 1_000  # where the counts beside the tabs stop: they are made on every look at the queue
RELATED = 10
LEFT = 10  # alerts that a shift note names
LISTED = (
    "uuid",
    "title",
    "level",
    "rank",
    "state",
    "open",
    "subject_kind",
    "subject",
    "count",
    "first_seen",
    "last_seen",
    "organisation__code",
    "assignee__username",
    "assignee__full_name",
)


def queue(user: Any, filters: Filters, verb: str = "alerts.view") -> QuerySet[Alert]:
    """Give the alerts that match and where ``user`` may do ``verb``, without their raw lines."""
    found = _with_state(Alert.objects.visible_to(user, verb), filters.state)
    if filters.unknown:
        found = found.none()
    if filters.assignee == Assigned.ME:
        found = found.filter(assignee=user)
    if filters.assignee == Assigned.NOBODY:
        found = found.filter(assignee=None)
    lowest, highest = filters.levels
    if lowest > LEVELS[0]:
        found = found.filter(rank__gte=lowest * LEVEL_STEP)
    if highest < LEVELS[-1]:
        found = found.filter(rank__lt=(highest + 1) * LEVEL_STEP)
    if filters.organisation:
        found = found.filter(organisation=place_of(filters.organisation))
    exactly = {"rule_id": filters.rule, "subject": filters.subject}
    found = found.filter(**{name: value for name, value in exactly.items() if value})
    if filters.suppression:
        found = found.filter(suppression=_suppression(user, filters.suppression))
    if filters.seen == DAY:
        found = found.filter(last_seen__gte=timezone.now() - timedelta(days=1))
    if filters.text:
        found = _worded(found, filters)
    return found.select_related("organisation", "assignee").only(*LISTED)


def newest() -> int:
    """Give the inner id of the newest alert: what comes later was in nobody's preview."""
    return Alert.objects.order_by("-pk").values_list("pk", flat=True).first() or 0


def to_change(user: Any, filters: Filters, upto: int) -> QuerySet[Alert]:
    """Give the alerts that match, no newer than ``upto``, on which ``user`` may work."""
    return in_full(queue(user, filters, "alerts.triage").filter(pk__lte=upto))


def summed(alerts: QuerySet[Alert], most: int) -> tuple[int, Mapping[int, int], Mapping[str, int]]:
    """Count the first ``most`` alerts: in all, by level, and by the code of the organisation."""
    levels: Counter[int] = Counter()
    organisations: Counter[str] = Counter()
    for level, code in alerts.order_by(*BY_LEVEL).values_list("level", "organisation__code")[:most]:
        levels[level] += 1
        organisations[code or ""] += 1
    return levels.total(), levels, dict(organisations.most_common())


def change_or_404(user: Any, uuid: UUID) -> BulkChange:
    """Give one of the person's own changes of many alerts."""
    return get_object_or_404(BulkChange.objects.filter(person=user), uuid=uuid)


def in_full(alerts: QuerySet[Alert]) -> QuerySet[Alert]:
    """Give the same alerts with all their facts, as the API shows them."""
    return alerts.only().select_related("organisation", "assignee", "suppression")


def _with_state(alerts: QuerySet[Alert], state: str) -> QuerySet[Alert]:
    if state == Shown.ALL:
        return alerts
    if state == Shown.CLOSED:
        return alerts.filter(state__in=CLOSED)
    if state == Shown.OPEN:
        return alerts.filter(open=True)
    if state == UNSUPPRESSED:
        return alerts.exclude(state=Alert.State.SUPPRESSED)
    if state in {Shown.ESCALATED, Shown.SUPPRESSED, *CLOSED}:
        return alerts.filter(state=state)
    return alerts.filter(open=True, state=state)


def _suppression(user: Any, uuid: str) -> int:
    """Give the inner id of a suppression that ``user`` may see; 0 when there is none."""
    named = _uuid(uuid)
    known = Suppression.objects.visible_to(user).filter(uuid=named).values_list("pk", flat=True)
    return (known.first() if named is not None else None) or 0


def place_of(code: str) -> int | None:
    """Give the organisation's inner id; ``-`` stands for none."""
    if code == "-":
        return None
    return Organisation.objects.filter(code=code).values_list("pk", flat=True).first() or 0


def _worded(alerts: QuerySet[Alert], filters: Filters) -> QuerySet[Alert]:
    """Look for words in the first alerts, here and not in the database, which would read the whole table for them."""
    words = filters.text.casefold()
    first = alerts.order_by(*filters.order).values_list("pk", "title", "subject")[:SEARCHED]
    found = [pk for pk, *texts in first if any(words in text.casefold() for text in texts)]
    return Alert.objects.filter(pk__in=found[:MOST_FOUND])


def counts(user: Any) -> Mapping[str, str]:
    """Count the open alerts, as shown, in one look at the head of the queue: by state, ``me`` and ``3-`` for levels.

    Counted here: a thousand short rows are sooner read than an aggregate of nine counts is put together.
    """
    head = Alert.objects.visible_to(user).filter(open=True).order_by(*BY_LEVEL)
    rows = list(head.values_list("state", "level", "assignee_id")[: TAB_LIMIT + 1])
    states, levels, assignees = map(Counter, zip(*rows, strict=True)) if rows else (Counter(),) * 3
    found = {"open": len(rows), "me": assignees[user.pk]}
    found |= {str(state): states[state] for state in (Shown.NEW, Shown.TRIAGE, Shown.WAITING)}
    found |= {f"{level}-": sum(number for seen, number in levels.items() if seen >= level) for level in LEVELS[1:]}
    more = "+" if found["open"] > TAB_LIMIT else ""
    return {name: f"{shown_count(min(number, TAB_LIMIT))}{more}" for name, number in found.items()}


def organisations(user: Any) -> list[str]:
    """Give the codes of the organisations whose alerts ``user`` may see."""
    places = scope_of(user).organisations("alerts.view")
    return list(Organisation.objects.filter(pk__in=places).order_by("code").values_list("code", flat=True))


def alert_or_404(user: Any, uuid: UUID) -> Alert:
    """Give one alert ``user`` may see."""
    alerts: QuerySet[Alert] = Alert.objects.visible_to(user).select_related("organisation", "assignee")
    return get_object_or_404(alerts, uuid=uuid)


def visible_by_uuids(user: Any, uuids: Iterable[str]) -> QuerySet[Alert]:
    """Give those of the alerts named that ``user`` may see, most serious first."""
    named = [uuid for uuid in map(_uuid, uuids) if uuid is not None][:CHOSEN_AT_ONCE]
    alerts: QuerySet[Alert] = Alert.objects.visible_to(user).filter(uuid__in=named)
    return alerts.select_related("organisation", "assignee").order_by(*BY_LEVEL)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def next_open(user: Any, alert: Alert, filters: Filters) -> Alert | None:
    """Give the open alert that follows in the list the person works through, the first of it at its end.

    What a colleague has taken is passed over.
    """
    free = Q(assignee=None) | Q(assignee=user)
    waiting = queue(user, filters).filter(free, open=True).exclude(pk=alert.pk).order_by(*filters.order)
    place = [Value(getattr(alert, name.removeprefix("-"))) for name in filters.order]
    after = waiting.filter(RowCompare([F(name.removeprefix("-")) for name in filters.order], place, "<"))
    return after.first() or waiting.first()


def trail(alert: Alert) -> QuerySet[AlertComment]:
    """Give what people said and did, oldest first."""
    return alert.comments.select_related("author")


def hits(alert: Alert) -> QuerySet[Hit]:
    """Give the hits; order them by ``HIT_ORDER``."""
    return alert.hits.select_related("receipt__source").defer("receipt__state")


HIT_ORDER = ("-time", "-id")


def hit_or_404(alert: Alert, receipt: UUID, record: int) -> Hit:
    """Give one hit of ``alert`` on a record."""
    found = hits(alert).filter(receipt__uuid=receipt, record=record).order_by("-id").first()
    return found or get_object_or_404(Hit.objects.none())


def raw_lines(alert: Alert) -> QuerySet[RawLine]:
    """Give the copies of raw lines, oldest first."""
    return alert.raw_lines.select_related("receipt__source").defer("receipt__state")


def raw_copy(hit: Hit) -> bytes | None:
    """Give the copy of a hit's raw line, when one was kept."""
    kept = RawLine.objects.filter(alert=hit.alert_id, receipt=hit.receipt_id, record=hit.record)
    raw = kept.values_list("raw", flat=True).first()
    return bytes(raw) if raw is not None else None


def related(user: Any, alert: Alert) -> QuerySet[Alert]:
    """Give other alerts about the same subject, newest first."""
    alerts: QuerySet[Alert] = Alert.objects.visible_to(user).exclude(pk=alert.pk)
    if not alert.subject:
        return alerts.none()
    same = alerts.filter(subject=alert.subject, subject_kind=alert.subject_kind)
    return same.select_related("organisation").order_by(*BY_TIME)[:RELATED]


def earlier_reasons(user: Any, alert: Alert) -> QuerySet[Alert]:
    """Give how alerts of the same rule were closed before."""
    alerts: QuerySet[Alert] = Alert.objects.visible_to(user).filter(rule_id=alert.rule_id, state__in=CLOSED)
    return alerts.exclude(pk=alert.pk).select_related("organisation").order_by(*BY_LEVEL)[:3]


def colleagues(user: Any) -> QuerySet[Person]:
    """Give the people in the teams where ``user`` works on alerts."""
    teams = scope_of(user).teams("alerts.triage")
    members = Membership.objects.filter(Membership.valid_now(), team__in=teams).values("person")
    return Person.objects.filter(pk__in=members, is_active=True).order_by("full_name", "username")


def may_triage(user: Any) -> bool:
    """Tell whether ``user`` works on alerts anywhere."""
    return scope_of(user).allows("alerts.triage")


def may_escalate(user: Any) -> bool:
    """Tell whether ``user`` may open incidents anywhere."""
    return scope_of(user).allows("incidents.open")


def may(user: Any, verb: str, alert: Alert) -> bool:
    """Tell whether ``user`` may do ``verb`` with ``alert``."""
    scope = scope_of(user)
    return scope.everything(verb) if alert.organisation_id is None else scope.allows(verb, alert.organisation_id)


def to_triage(user: Any) -> QuerySet[Alert]:
    """Give the new alerts ``user`` may work on; for the desk."""
    found: QuerySet[Alert] = Alert.objects.visible_to(user, "alerts.triage").filter(open=True, state=Alert.State.NEW)
    return found


def questions_to(user: Any) -> QuerySet[Alert]:
    """Give the alerts that wait for an answer of the organisations ``user`` speaks for; for the desk."""
    places = scope_of(user).organisations("incidents.answer")
    found: QuerySet[Alert] = Alert.objects.visible_to(user).filter(state=Alert.State.WAITING, organisation__in=places)
    return found


def assigned_to(user: Any) -> QuerySet[Alert]:
    """Give the open alerts of ``user``; for the desk."""
    found: QuerySet[Alert] = Alert.objects.visible_to(user).filter(open=True, assignee=user)
    return found


def noisy_rules(user: Any, since: datetime) -> QuerySet[Alert, dict[str, Any]]:
    """Give the rules that raised most of the alerts seen since a moment, with how many of these were false.

    What is suppressed makes no noise.
    """
    found = Alert.objects.visible_to(user).filter(last_seen__gte=since).exclude(state=Alert.State.SUPPRESSED).order_by()
    false = Count("pk", filter=Q(state=Alert.State.FALSE_POSITIVE))
    # By an expression: what is seen lately is few, and the index by rule would have all of it read.
    by_rule = found.annotate(rule=Concat("rule_id", Value(""))).values("rule")
    counted = by_rule.annotate(title=Max("title"), number=Count("pk"), hits=Sum("count"), false=false)
    noisy: QuerySet[Alert, dict[str, Any]] = counted.filter(number__gt=1).order_by("-number", "rule")
    return noisy


def happened(user: Any, _team: Any, since: datetime) -> Iterator[str]:
    """Say for a shift note what a person closed since a moment, and what they leave open; a query for each."""
    closing = [AlertComment.Event.FALSE_POSITIVE, AlertComment.Event.BENIGN, AlertComment.Event.DUPLICATE]
    seen = Alert.objects.visible_to(user)
    done = AlertComment.objects.filter(author=user, created_at__gte=since, event__in=closing, alert__in=seen)
    closed = done.aggregate(n=Count("alert", distinct=True))["n"]
    if closed:
        yield ngettext("%d alert closed.", "%d alerts closed.", closed) % closed
    left = list(assigned_to(user).exclude(pk__in=Alert.objects.sealed().values("pk")).order_by(*BY_LEVEL)[: LEFT + 1])
    for alert in left[:LEFT]:
        yield _("Alert still with me: %(title)s") % {"title": f"{alert.title} {alert.subject}".strip()}
    if len(left) > LEFT:
        yield _("… and more; see the queue.")
