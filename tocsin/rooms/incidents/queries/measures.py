"""How long incidents take, by severity: counted and ranked by the database, never averaged over severities."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Window
from django.db.models.functions import RowNumber
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tocsin.platform.access import scope_of
from tocsin.platform.calendar_files import calendars
from tocsin.rooms.incidents.knowledge.levels import MEASURED
from tocsin.rooms.incidents.models import OPEN, Deadline, Incident, IncidentEntity, Severity

DAYS = 90  # of the period shown unless another is chosen
LONGEST = timedelta(days=3660)
EARLIEST, LATEST = date(2000, 1, 1), date(2999, 12, 31)
GROUP = ("kind", "severity", "calendar")
OUTCOMES = {
    "met": _("met"),
    "in_time": _("met in time"),
    "missed": _("late and still open"),
    "running": _("still running"),
    "stopped": _("ended without"),
}


@dataclass(frozen=True, slots=True)
class Period:
    """Days in UTC, both included."""

    begin: date
    end: date

    @classmethod
    def of(cls, begin: date | None, end: date | None) -> Period:
        """Give the period people chose: without an end up to today, without a begin ninety days long."""
        last = _within(end or timezone.now().date())
        first = _within(begin) if begin else last - timedelta(days=DAYS - 1)
        first, last = min(first, last), max(first, last)
        return cls(max(first, last - LONGEST), last)

    def holds(self) -> Q:
        """Give the condition for deadlines whose time began in it."""
        after = datetime.combine(self.begin, time(), UTC)
        return Q(started_at__gte=after, started_at__lt=datetime.combine(self.end, time(), UTC) + timedelta(days=1))


@dataclass(frozen=True, slots=True)
class Measure:
    """What became of one promise at one severity in one calendar; times in seconds of that calendar."""

    kind: str
    severity: int
    calendar: str
    met: int
    in_time: int
    missed: int
    running: int
    stopped: int
    median: int | None
    ninth: int | None
    scope: Mapping[str, str]

    @property
    def share(self) -> int | None:
        """Give how many per cent were met in time, of all that were met or are late; None of nothing."""
        judged = self.met + self.missed
        return self.in_time * 100 // judged if judged else None

    @property
    def severity_name(self) -> str:
        """Give the severity in words."""
        return str(Severity(self.severity).label)

    def query(self, outcome: str) -> str:
        """Give the filter of the list that holds the incidents behind a figure."""
        chosen = {"state": "all", "promise": self.kind, "of": self.severity, "calendar": self.calendar}
        return urlencode({**chosen, "outcome": outcome, **self.scope})

    @property
    def links(self) -> dict[str, str]:
        """Give the filters of all figures."""
        return {outcome: self.query(outcome) for outcome in outcomes()}


def _within(day: date) -> date:
    return min(max(day, EARLIEST), LATEST)


def outcomes() -> dict[str, Q]:
    """Give what can have become of a deadline, as conditions."""
    missed = OPEN & Q(due_at__lt=timezone.now(), paused_at=None)
    return {
        "met": Q(met_at__isnull=False),
        "in_time": Q(met_at__isnull=False, breached_at=None),
        "missed": missed,
        "running": OPEN & ~Q(due_at__lt=timezone.now(), paused_at=None),
        "stopped": Q(stopped_at__isnull=False),
    }


def measured(user: Any, period: Period, organisation: str = "") -> QuerySet[Deadline]:
    """Give the deadlines of the handling teams that are measured, in incidents the person may know of."""
    known = Incident.objects.visible_to(user)
    if organisation:
        known = known.filter(pk__in=concerning(user, organisation))
    of_it = Exists(known.filter(pk=OuterRef("incident")))
    found: QuerySet[Deadline] = Deadline.objects.filter(period.holds(), of_it, entity=None, kind__in=MEASURED)
    return found


def concerning(user: Any, code: str) -> QuerySet[IncidentEntity, Any]:
    """Give the inner ids of the incidents that concern an organisation, as far as the person sees its parts."""
    reach = scope_of(user).organisations("incidents.view", "incidents.part")
    return IncidentEntity.objects.filter(organisation__code=code, organisation__in=reach).values("incident")


def times(user: Any, period: Period, organisation: str = "") -> list[Measure]:
    """Measure, in two statements: each kind and severity by itself, the worst severity first."""
    found = measured(user, period, organisation)
    counts = {name: Count("pk", filter=condition) for name, condition in outcomes().items()}
    rows = list(found.order_by().values(*GROUP).annotate(**counts))
    ranks = _ranks(found)
    scope = {"begin": period.begin.isoformat(), "end": period.end.isoformat()}
    scope |= {"organisation": organisation} if organisation else {}
    made = [Measure(**row, **_ranked(ranks, row), scope=scope) for row in rows]
    return sorted(made, key=lambda each: (MEASURED.index(Deadline.Kind(each.kind)), -each.severity, each.calendar))


def _ranked(ranks: Mapping[tuple[Any, ...], Mapping[str, int]], row: Mapping[str, Any]) -> dict[str, Any]:
    return {"median": None, "ninth": None, **ranks.get(tuple(row[name] for name in GROUP), {})}


def _ranks(found: QuerySet[Deadline]) -> dict[tuple[Any, ...], dict[str, int]]:
    """Give median and ninth decile of what was met, by the nearest rank: two rows of each group leave the database."""
    parts = [F(name) for name in GROUP]
    ranked = found.filter(met_at__isnull=False).annotate(
        rank=Window(RowNumber(), partition_by=parts, order_by=["took", "pk"]),
        number=Window(Count("pk"), partition_by=parts),
    )
    middle, ninth = (F("number") + 1) / 2, (F("number") * 9 + 9) / 10
    chosen = ranked.filter(Q(rank=middle) | Q(rank=ninth)).order_by("rank")
    ranks: dict[tuple[Any, ...], dict[str, int]] = {}
    for *group, took in chosen.values_list(*GROUP, "took"):
        ranks.setdefault(tuple(group), {"median": took})["ninth"] = took
    return ranks


def behind(filters: Mapping[str, str]) -> QuerySet[Deadline, Any]:
    """Give the inner ids of the incidents behind a figure; what cannot be understood matches nothing."""
    found = Deadline.objects.filter(entity=None, kind=filters["promise"]).values("incident")
    condition = outcomes().get(filters.get("outcome") or "met")
    severity = filters.get("of", "")
    if condition is None or severity not in {"", *map(str, Severity.values)}:
        return found.none()
    found = found.filter(condition, **({"severity": severity} if severity else {}))
    if filters.get("calendar"):
        found = found.filter(calendar=filters["calendar"])
    period = Period.of(_day(filters.get("begin")), _day(filters.get("end")))
    return found.filter(period.holds()) if filters.get("begin") or filters.get("end") else found


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure whose incidents a list shows, in words."""

    kind: str
    severity: str
    calendar: str
    outcome: object
    period: Period | None


def figure(filters: Mapping[str, str]) -> Figure | None:
    """Give the figure that a list is behind of; None when it is any other list, or none that can be understood."""
    kind, outcome, level = (filters.get(name, "") for name in ("promise", "outcome", "of"))
    if kind not in MEASURED or outcome not in OUTCOMES or level not in map(str, Severity.values):
        return None
    within = Period.of(_day(filters.get("begin")), _day(filters.get("end"))) if filters.get("begin") else None
    known = calendars().get(filters.get("calendar", ""))
    return Figure(str(Deadline.Kind(kind).label), f"S{level}", str(known) if known else "", OUTCOMES[outcome], within)


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text or "")
    except ValueError:
        return None
