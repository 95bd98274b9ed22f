"""Write the hits of one chunk: no query a row, the same result however often and in whatever order chunks come."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, TypeVar
from uuid import UUID

from django.db import transaction
from django.db.models import Max, Q
from django.utils import timezone

from tocsin.platform import audit
from tocsin.rooms.alerts.actions import grouping, hiding
from tocsin.rooms.alerts.actions.errors import AlertError
from tocsin.rooms.alerts.actions.grouping import Concern, Group, Spot
from tocsin.rooms.alerts.actions.hiding import Quiet
from tocsin.rooms.alerts.models import Alert, Hit, RawLine, rank_of
from tocsin.rooms.constituency.models import Organisation
from tocsin.rooms.intake.models import Receipt
from tocsin.rooms.rules.models import Level

if TYPE_CHECKING:
    from tocsin.pipeline.engines.chunk import Chunk, EventHit

T = TypeVar("T")

KEYS_A_QUERY = 800  # SQLite takes at most 999 parameters in older builds
LEVELS = {level.name.lower(): level for level in Level}
LOCKED = ("key", "uuid", "level", "count", "first_seen", "last_seen", "open", "suppression")
ATTEMPTS = 3  # somebody may close a group between our look and our lock; twice in a row is no chance


@transaction.atomic
def record_hits(receipt: Receipt, chunk: Chunk) -> tuple[int, int]:
    """Group the hits of ``chunk`` into alerts; give how many hits and alerts are new, those kept quiet among them."""
    if not chunk.hits:
        return 0, 0
    organisations = _organisations(chunk.hits)
    fresh = _unseen(receipt, grouping.concerns(chunk.hits, organisations), organisations)
    if not fresh:
        return 0, 0
    groups, now = grouping.groups(fresh), timezone.now()
    quiet = hiding.quiet(groups, organisations, now)
    alerts, made = _standing_alerts(groups, organisations, quiet)
    _write_hits(receipt, groups, alerts, organisations)
    _count(groups, alerts)
    _keep_raw_lines(receipt, groups, alerts)
    hidden = [alert for alert in alerts.values() if not alert.open]
    if hidden:
        hiding.count(hidden, [alert for alert in hidden if alert.uuid in made], now)
    told = {"hits": len(fresh), "alerts": len(made)} | ({"suppressed": len(hidden)} if hidden else {})
    audit.record(None, "alerts.recorded", receipt, told)
    return len(fresh), len(made)


def _organisations(hits: Iterable[EventHit]) -> dict[str, int]:
    codes = {code for hit in hits for code in hit.organisations}
    found = Organisation.objects.filter(code__in=codes).values_list("code", "pk") if codes else ()
    return dict(found)


def _unseen(receipt: Receipt, concerns: Sequence[Concern], organisations: Mapping[str, int]) -> list[Concern]:
    records = [c.hit.record for c in concerns]
    rows = Hit.objects.filter(receipt=receipt, record__gte=min(records), record__lte=max(records))
    seen = set(rows.values_list("record", "rule_id", "rule_version", "organisation"))
    if not seen:
        return list(concerns)
    return [c for c in concerns if (*c.identity[:3], organisations.get(c.organisation)) not in seen]


def _standing_alerts(
    groups: Mapping[str, Group], organisations: Mapping[str, int], quiet: Mapping[str, Quiet]
) -> tuple[dict[str, Alert], set[UUID]]:
    """Lock the alert of each group that takes its hits, making those that are missing; give which were made."""
    alerts = _locked(groups, quiet)
    made: set[UUID] = set()
    for _ in range(ATTEMPTS):
        missing = [group for key, group in groups.items() if key not in alerts]
        if not missing:
            return alerts, made
        new = _new_alerts(missing, organisations, quiet)
        Alert.objects.bulk_create(new, ignore_conflicts=True)
        locked = _locked([alert.key for alert in new], quiet)
        made |= {alert.uuid for alert in new} & {alert.uuid for alert in locked.values()}
        alerts |= locked
    raise AlertError("Groups of alerts are being closed faster than hits can be added; run this again.")


def _locked(keys: Iterable[str], quiet: Mapping[str, Quiet]) -> dict[str, Alert]:
    """Give the open alert of each group; of one that is kept quiet, the alert that is so by the same suppression."""
    standing = Q(open=True)
    if quiet:
        standing |= Q(state=Alert.State.SUPPRESSED, suppression__in={each.suppression for each in quiet.values()})
    found: dict[str, Alert] = {}
    for some in _batches(keys):
        rows = Alert.objects.select_for_update().filter(standing, key__in=some).order_by("key", "open")
        for alert in rows.only(*LOCKED):
            kept = quiet.get(alert.key)
            if alert.open or (kept is not None and kept.suppression == alert.suppression_id):
                found[alert.key] = alert  # the open one comes last, and counts
    return found


def _new_alerts(missing: Sequence[Group], organisations: Mapping[str, int], quiet: Mapping[str, Quiet]) -> list[Alert]:
    latest: dict[str, int] = {}
    for some in _batches(group.key for group in missing):
        rows = Alert.objects.filter(key__in=some).order_by().values_list("key")
        latest.update(rows.annotate(latest=Max("generation")))
    return [
        _kept_quiet(_new_alert(group, latest.get(group.key, 0) + 1, organisations), quiet.get(group.key))
        for group in missing
    ]


def _kept_quiet(alert: Alert, kept: Quiet | None) -> Alert:
    if kept is not None:
        alert.state, alert.open, alert.closed_at = Alert.State.SUPPRESSED, False, timezone.now()
        alert.suppression_id, alert.disposition = kept
    return alert


def _new_alert(group: Group, generation: int, organisations: Mapping[str, int]) -> Alert:
    hit = group.head
    return Alert(
        key=group.key,
        generation=generation,
        rule_id=hit.rule.id[:80],
        rule_version=hit.rule.version,
        title=hit.rule.title[:300],
        level=LEVELS.get(hit.rule.level, Level.MEDIUM),
        techniques=list(hit.rule.techniques),
        organisation_id=organisations.get(group.concerns[0].organisation),
        subject_kind=hit.subject_kind,
        subject=hit.subject[:255],
        window_start=group.window,
        first_seen=group.first_seen,
        last_seen=group.last_seen,
    )


def _write_hits(
    receipt: Receipt, groups: Mapping[str, Group], alerts: Mapping[str, Alert], organisations: Mapping[str, int]
) -> None:
    Hit.objects.bulk_create(
        Hit(
            alert_id=alerts[group.key].pk,
            receipt_id=receipt.pk,
            record=concern.hit.record,
            rule_id=concern.hit.rule.id[:80],
            rule_version=concern.hit.rule.version,
            organisation_id=organisations.get(concern.organisation),
            time=concern.time,
        )
        for group in groups.values()
        for concern in group.concerns
    )


def _count(groups: Mapping[str, Group], alerts: Mapping[str, Alert]) -> None:
    now = timezone.now()
    for group in groups.values():
        alert = alerts[group.key]
        alert.count += len(group.concerns)
        alert.first_seen = min(alert.first_seen, group.first_seen)
        alert.last_seen = max(alert.last_seen, group.last_seen)
        alert.rank, alert.updated_at = rank_of(alert.level, alert.last_seen), now
    Alert.objects.bulk_update(alerts.values(), ["count", "first_seen", "last_seen", "rank", "updated_at"])


def _keep_raw_lines(receipt: Receipt, groups: Mapping[str, Group], alerts: Mapping[str, Alert]) -> None:
    by_alert = {alerts[group.key].pk: group for group in groups.values()}
    there: dict[int, dict[Spot, int]] = {pk: {} for pk in by_alert}
    for some in _batches(by_alert):
        rows = RawLine.objects.filter(alert__in=some).order_by()
        for pk, alert, time, receipt_id, record in rows.values_list("pk", "alert", "time", "receipt", "record"):
            there[alert][Spot(time, receipt_id, record)] = pk
    new, old = [], []
    for alert, group in by_alert.items():
        offered = group.raw_lines(receipt.pk)
        keep = grouping.kept([*there[alert], *offered])
        old += [pk for spot, pk in there[alert].items() if spot not in keep]
        fresh = [spot for spot in offered if spot in keep and spot not in there[alert]]
        new += [
            RawLine(alert_id=alert, time=s.time, receipt_id=s.receipt, record=s.record, raw=offered[s]) for s in fresh
        ]
    for dropped in _batches(old):
        RawLine.objects.filter(pk__in=dropped).delete()
    RawLine.objects.bulk_create(new)


def _batches(items: Iterable[T]) -> Iterator[list[T]]:
    remaining = iter(items)
    while some := list(islice(remaining, KEYS_A_QUERY)):
        yield some
