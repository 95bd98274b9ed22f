"""How everything stands, by organisation and by team, for whoever coordinates or oversees.

Every number is one that the list behind its link counts too, for the same person.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, Exists, F, IntegerField, Min, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tocsin.platform.access import scope_of
from tocsin.platform.lists import shown_count
from tocsin.rooms.constituency import queries as constituency
from tocsin.rooms.constituency.models import CONFIRM_EVERY, Contact, Membership, Organisation, Team
from tocsin.rooms.desk.queries.figures import Figure
from tocsin.rooms.incidents import queries as incidents
from tocsin.rooms.incidents.knowledge import routes
from tocsin.rooms.incidents.models import HandOff, Incident, IncidentEntity, Seal, Severity
from tocsin.rooms.notices.models import Part

WORST_FIRST = tuple(sorted(Severity, reverse=True))
SHOWN = 200  # rows of a table; beyond, the lists themselves are the better place


@dataclass(frozen=True, slots=True)
class Cell:
    """A number and the list behind it; ``severity`` where it counts incidents of one."""

    number: int
    url: str
    severity: int | None = None


@dataclass(slots=True)
class Place:
    """One organisation: what is open, what is late, and whether it can be reached."""

    organisation: Any
    open: Counter[int] = field(default_factory=Counter)
    late: int = 0
    tasks: int = 0
    notices: int = 0

    @property
    def severities(self) -> list[Cell]:
        """Give the open incidents by severity, the worst first."""
        code = self.organisation.code
        return [
            Cell(self.open[each], _incidents(organisation=code, severity=each.value), each.value)
            for each in WORST_FIRST
        ]

    @property
    def late_cell(self) -> Cell:
        """Give the open incidents that are late."""
        return Cell(self.late, _incidents(organisation=self.organisation.code, due="late"))

    @property
    def tasks_cell(self) -> Cell:
        """Give the tasks of the organisation that are overdue."""
        return Cell(self.tasks, _to("incident_tasks", organisation=self.organisation.code, due="late"))

    @property
    def notices_cell(self) -> Cell:
        """Give the notices the organisation has not answered in time."""
        return Cell(self.notices, _to("notices_told", organisation=self.organisation.code, overdue="yes"))

    @property
    def lacking(self) -> bool:
        """Tell whether it must have a security officer and has none."""
        return bool(self.organisation.lacking)

    @property
    def contacts(self) -> int:
        """Give how many ways to reach it are known."""
        return int(self.organisation.contacts_known)

    @property
    def stale(self) -> int:
        """Give how many of these were not confirmed in time, or came back."""
        return int(self.organisation.contacts_stale)

    @property
    def fresh(self) -> int:
        """Give how many of them were confirmed in time."""
        return self.contacts - self.stale

    @property
    def trouble(self) -> bool:
        """Tell whether something here waits to be mended."""
        return bool(self.late or self.tasks or self.notices or self.lacking or self.stale)

    @property
    def rank(self) -> tuple[Any, ...]:
        """Give what sorts the worst place to the top."""
        return (*(-self.open[each] for each in WORST_FIRST), -self.late, not self.trouble, self.organisation.code)


@dataclass(frozen=True, slots=True)
class Places:
    """The organisations, the worst on top, and how many more there are."""

    rows: Sequence[Place]
    more: int
    severities: Sequence[Severity] = WORST_FIRST


@dataclass(slots=True)
class Load:
    """What one team has on its hands."""

    team: Any
    open: int = 0
    unowned: int = 0
    late: int = 0
    waiting: int = 0
    overdue: int = 0

    @property
    def each(self) -> float:
        """Give the open incidents for each person who serves in the team."""
        return self.open / self.team.people if self.team.people else float(self.open)

    @property
    def cells(self) -> list[Cell]:
        """Give the numbers in the order of the table's columns."""
        code = self.team.code
        offered = {"box": "all", "state": HandOff.State.OFFERED.value, "team": code}
        return [
            Cell(self.open, _incidents(team=code)),
            Cell(self.unowned, _incidents(team=code, owner="none")),
            Cell(self.late, _incidents(team=code, due="late")),
            Cell(self.waiting, _to("hand_offs", **offered)),
            Cell(self.overdue, _to("hand_offs", **offered, late=incidents.LATE)),
        ]


@dataclass(frozen=True, slots=True)
class Teams:
    """The teams, the one with most on its hands on top; ``most`` is the longest bar; ``all`` counts what is open once.

    What no team has yet is in ``all`` alone.
    """

    rows: Sequence[Load]
    most: float
    all: Sequence[Figure]


@dataclass(frozen=True, slots=True)
class Stuck:
    """Hand-offs of one route that nobody answered in time."""

    route: Any
    cell: Cell
    since: Any


@dataclass(frozen=True, slots=True)
class Overview:
    """All of it; what the person may not see is left out, not shown as nought."""

    places: Places
    teams: Teams | None
    stuck: Sequence[Stuck]
    sees_incidents: bool
    sees_notices: bool


def overview(user: Any) -> Overview:
    """Read how everything stands: seven statements, however much there is."""
    sees, told = scope_of(user).allows("incidents.view"), scope_of(user).allows("notices.view")
    waiting = _waiting(user) if sees else []
    return Overview(
        places=_places(user, sees_incidents=sees, sees_notices=told),
        teams=_teams(user, waiting) if sees else None,
        stuck=_stuck(waiting),
        sees_incidents=sees,
        sees_notices=told,
    )


def _places(user: Any, *, sees_incidents: bool, sees_notices: bool) -> Places:
    found = {each.pk: Place(each) for each in _served(user)}
    if sees_incidents:
        for row in _parts(user):
            place = found.get(row["organisation"])
            if place is not None:
                place.open[row["incident__severity"]] = row["number"]
                place.late += row["late"]
        _note(found, "tasks", incidents.overdue_tasks(user).values_list("entity__organisation"))
    if sees_notices:
        overdue = Part.objects.visible_to(user).filter(overdue=True, settled=False)
        _note(found, "notices", overdue.values_list("organisation"))
    rows = sorted(found.values(), key=lambda place: place.rank)
    return Places(rows[:SHOWN], max(0, len(rows) - SHOWN))


def _note(found: Mapping[int, Place], name: str, by_place: QuerySet[Any, Any]) -> None:
    for pk, number in by_place.order_by().annotate(number=Count("pk")):
        if pk in found:
            setattr(found[pk], name, number)


def _served(user: Any) -> QuerySet[Organisation]:
    old = Q(confirmed_at=None, created_at__lt=timezone.now() - CONFIRM_EVERY)
    old |= Q(confirmed_at__lt=timezone.now() - CONFIRM_EVERY) | Q(bounced_at__isnull=False)
    lacking = constituency.missing(user).filter(pk=OuterRef("pk"))
    return (
        Organisation.objects.visible_to(user)
        .filter(active=True)
        .annotate(
            lacking=Exists(lacking),
            contacts_known=_count(Contact.objects.filter(organisation=OuterRef("pk"))),
            contacts_stale=_count(Contact.objects.filter(old, organisation=OuterRef("pk"), webhook="")),
        )
    )


def _count(rows: QuerySet[Any]) -> Coalesce:
    """Count rows that name the outer row's organisation."""
    counted = rows.order_by().values("organisation").annotate(number=Count("pk")).values("number")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)


def _parts(user: Any) -> QuerySet[IncidentEntity, Any]:
    """Count the open incidents of each organisation and severity that the person sees there."""
    scope = scope_of(user)
    late = Q(incident__next_due_at__lt=timezone.now())
    # Whoever handles what concerns an organisation sees its part; by an expression, so that open incidents are read
    # and their parts looked up, and not each organisation in each incident.
    named = Seal.objects.filter(incident=OuterRef("pk"), person=scope.person)
    known = Incident.objects.filter(Q(sealed=False) | Exists(named), open=True)
    parts = IncidentEntity.objects.alias(place=F("organisation") + 0)
    seen = parts.filter(place__in=scope.organisations("incidents.view"), incident__in=known)
    grouped = seen.order_by().values("organisation", "incident__severity")
    return grouped.annotate(number=Count("pk"), late=Count("pk", filter=late))


def _teams(user: Any, waiting: Sequence[Mapping[str, Any]]) -> Teams:
    people = Membership.objects.valid().filter(team=OuterRef("pk")).order_by().values("team")
    serving = Subquery(people.annotate(n=Count("person", distinct=True)).values("n"), output_field=IntegerField())
    teams = Team.objects.visible_to(user).annotate(people=Coalesce(serving, 0))
    loads = {team.pk: Load(team) for team in teams}
    late, nobody = Q(next_due_at__lt=timezone.now()), Q(owner=None)
    found = Incident.objects.visible_to(user).filter(open=True).order_by()
    counts = {"open": Count("pk"), "unowned": Count("pk", filter=nobody), "late": Count("pk", filter=late)}
    total: Counter[str] = Counter()
    for row in found.annotate(of=Coalesce("owner_team", 0)).values("of").annotate(**counts):
        total.update({name: row[name] for name in counts})
        if load := loads.get(row["of"]):
            load.open, load.unowned, load.late = row["open"], row["unowned"], row["late"]
    for row in waiting:
        if load := loads.get(row["to_team"]):
            load.waiting += row["number"]
            load.overdue += row["overdue"]
    rows = sorted(loads.values(), key=lambda load: (-load.each, -load.waiting, load.team.code))
    busy = [load for load in rows if load.open or load.waiting or load.team.people]
    return Teams(busy, max([load.each for load in busy], default=0) or 1, _total(total, waiting))


def _total(total: Mapping[str, int], waiting: Sequence[Mapping[str, Any]]) -> list[Figure]:
    overdue = sum(row["overdue"] for row in waiting)
    late = _to("hand_offs", box="all", state=HandOff.State.OFFERED.value, late=incidents.LATE)
    return [
        Figure(shown_count(total["open"]), _("open incidents"), _incidents()),
        Figure(shown_count(total["late"]), _("late"), _incidents(due="late")),
        Figure(shown_count(total["unowned"]), _("owned by nobody"), _incidents(owner="none")),
        Figure(shown_count(overdue), _("hand-offs not answered in time"), late),
    ]


def _waiting(user: Any) -> list[Mapping[str, Any]]:
    """Count the hand-offs that wait for an answer, by receiver and route."""
    late = Q(due_at__lt=timezone.now())
    found = HandOff.objects.visible_to(user).filter(state=HandOff.State.OFFERED).order_by()
    counts = {"number": Count("pk"), "overdue": Count("pk", filter=late), "since": Min("due_at", filter=late)}
    return list(found.values("to_team", "route").annotate(**counts))


def _stuck(waiting: Sequence[Mapping[str, Any]]) -> list[Stuck]:
    found: dict[str, tuple[int, Any]] = {}
    for row in waiting:
        if row["overdue"]:
            number, since = found.get(row["route"], (0, row["since"]))
            found[row["route"]] = (number + row["overdue"], min(since, row["since"]))
    made = [
        Stuck(routes.route(name), Cell(number, _late_route(name)), since) for name, (number, since) in found.items()
    ]
    return sorted(made, key=lambda each: each.since)


def _late_route(route: str) -> str:
    return _to("hand_offs", box="all", state=HandOff.State.OFFERED.value, route=route, late=incidents.LATE)


def _incidents(**filters: Any) -> str:
    return _to("incidents", state="open", **filters)


def _to(page: str, **filters: Any) -> str:
    return f"{_address(page)}?{urlencode(filters)}"


@cache
def _address(page: str) -> str:
    return reverse(page)
