"""Which groups of hits a suppression in force keeps out of the queue, and the count of what each kept quiet."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

from django.db.models import Case, F, Value, When

from tocsin.platform.bulk import chunks
from tocsin.rooms.alerts.actions.grouping import Group
from tocsin.rooms.alerts.models import Alert, Suppression


class Quiet(NamedTuple):
    """What keeps a group quiet, and why."""

    suppression: int
    reason: str


def quiet(groups: Mapping[str, Group], organisations: Mapping[str, int], now: datetime) -> dict[str, Quiet]:
    """Give what keeps each group quiet, by the group's key: one that names the subject before one that does not."""
    known = _in_force({group.head.rule.id[:80] for group in groups.values()}, now)
    found = {}
    for key, group in groups.items() if known else ():
        rule, place = group.head.rule.id[:80], organisations.get(group.concerns[0].organisation)
        match = known.get((rule, place, group.head.subject[:255])) or known.get((rule, place, ""))
        if match is not None:
            found[key] = match
    return found


def _in_force(rules: Iterable[str], now: datetime) -> Mapping[tuple[str, int | None, str], Quiet]:
    found: dict[tuple[str, int | None, str], Quiet] = {}
    for some in chunks(sorted(rules)):
        rows = Suppression.objects.in_force(now).filter(rule_id__in=some).order_by("everywhere", "pk")
        for pk, reason, everywhere, rule, place, subject in rows.values_list(
            "pk", "reason", "everywhere", "rule_id", "places", "subject"
        ):
            if place is not None or not everywhere:
                found.setdefault((rule, place, subject), Quiet(pk, reason))
    return found


def count(hidden: Iterable[Alert], made: Iterable[Alert], now: datetime) -> None:
    """Count the alerts that were made quietly, and note that hits came: one statement for all suppressions."""
    new = Counter(alert.suppression_id for alert in made)
    touched = sorted({alert.suppression_id for alert in hidden if alert.suppression_id is not None})
    for some in chunks(touched):
        cases = [When(pk=pk, then=Value(new[pk])) for pk in some if new[pk]]
        locked = Suppression.objects.select_for_update().filter(pk__in=some).order_by("pk")
        Suppression.objects.filter(pk__in=[*locked.values_list("pk", flat=True)]).update(
            hidden=F("hidden") + Case(*cases, default=Value(0)), last_hidden_at=now, updated_at=now
        )
