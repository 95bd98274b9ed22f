"""What a desk counts. Each function asks the database once and stops counting at a limit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q
from django.utils.functional import Promise

from tocsin.platform.lists import COUNT_LIMIT, shown_count
from tocsin.rooms.alerts.models import Alert
from tocsin.rooms.constituency.models import Organisation
from tocsin.rooms.incidents.models import Incident, Severity
from tocsin.rooms.rules.models import Level

BY_RANK = ("-rank", "-id")  # most serious first, then newest: the order the queue is indexed by
UNCOUNTED = "…"


@dataclass(frozen=True, slots=True)
class Figure:
    """A number that leads to the list it counts."""

    shown: str
    label: str | Promise
    query: str
    mark: str = ""

    @property
    def zero(self) -> bool:
        """Tell whether nothing is there."""
        return self.shown == "0"


def alert_levels(user: Any) -> Sequence[Figure]:
    """Count the open alerts by level, the most serious first; it stops looking after 10,000."""
    found = Alert.objects.visible_to(user).filter(open=True).order_by(*BY_RANK)
    levels = [Level(value) for value in sorted(Level.values, reverse=True)]
    counts = found[: COUNT_LIMIT + 1].aggregate(**{f"n{v}": Count("pk", filter=Q(level=v)) for v in levels})
    shown = _shown_in_order([counts[f"n{level}"] for level in levels])
    return [
        Figure(text, level.label, f"state=open&level={level.value}", f"level level-{level.value}")
        for level, text in zip(levels, shown, strict=True)
    ]


def incident_severities(user: Any) -> Sequence[Figure]:
    """Count the open incidents by severity, the worst first."""
    found = Incident.objects.visible_to(user, to_count=True).filter(open=True)
    found = found.order_by("-severity", "-updated_at", "-id")
    severities = [Severity(value) for value in sorted(Severity.values, reverse=True)]
    asked = {f"n{v}": Count("pk", filter=Q(severity=v)) for v in severities}
    counts = found[: COUNT_LIMIT + 1].aggregate(**asked)
    shown = _shown_in_order([counts[f"n{severity}"] for severity in severities])
    return [
        Figure(text, severity.label, f"state=open&severity={severity.value}", f"severity severity-{severity.value}")
        for severity, text in zip(severities, shown, strict=True)
    ]


def constituency_figures(user: Any) -> Sequence[Figure]:
    """Count the organisations served, by kind."""
    found = Organisation.objects.visible_to(user).filter(active=True)
    kinds = found.order_by().values_list("kind").annotate(number=Count("pk"))
    counts = dict(kinds)
    return [
        Figure(shown_count(counts[kind]), label, f"kind={kind}")
        for kind, label in Organisation.Kind.choices
        if kind in counts
    ]


def _shown_in_order(counts: Iterable[int]) -> list[str]:
    """Write counts of a list that was read from its head to the limit: what lies beyond it was not counted."""
    left, shown = COUNT_LIMIT, []
    for number in counts:
        if left < 0:
            shown.append(UNCOUNTED)
            continue
        left -= number
        shown.append(shown_count(number + min(left, 0)) + ("+" if left < 0 else ""))
    return shown
