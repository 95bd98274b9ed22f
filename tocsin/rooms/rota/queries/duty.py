"""Who is on duty: read from the shifts, past and planned; beyond the plan worked out from the layers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import (
    BooleanField,
    CharField,
    DateTimeField,
    Exists,
    ExpressionWrapper,
    F,
    IntegerField,
    OuterRef,
    Prefetch,
    Q,
    QuerySet,
    Value,
)
from django.db.models.functions import Coalesce, NullIf
from django.utils import timezone

from tocsin.platform.access import scope_of
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.constituency.models import Membership, Team
from tocsin.rooms.rota.models import OVERSEE, Layer, Line, Page, Roster, Shift, StandIn, Turn
from tocsin.rooms.rota.queries.planning import EVERY_DAY, Duty, Rotation, planned

HORIZON = timedelta(weeks=26)  # how far ahead shifts are planned


def rotation_of(layer: Layer, zone: str) -> Rotation:
    """Give a layer, read with its turns, as a rotation."""
    hours = (layer.hours_from, layer.hours_to) if layer.hours_from and layer.hours_to else None
    return Rotation(
        zone=zone,
        starts_on=layer.starts_on,
        handover_at=layer.handover_at,
        people=tuple(turn.person_id for turn in layer.turns.all()),
        weeks=layer.weeks,
        ends_on=layer.ends_on,
        days=frozenset(layer.days) or EVERY_DAY,
        hours=hours,
    )


def stand_ins_of(layer: Layer) -> list[Duty]:
    """Give who stands in where in a layer, the newest entry last."""
    found: Iterable[StandIn] = layer.stand_ins.all()
    return [Duty(each.person_id, each.starts_at, each.ends_at, stands_in=True) for each in found]


def layers_of(roster: Roster) -> QuerySet[Layer]:
    """Give the layers of a roster with all that planning needs, in three queries."""
    turns, others = Turn.objects.select_related("person"), StandIn.objects.select_related("person")
    return roster.layers.filter(active=True).prefetch_related(Prefetch("turns", turns), Prefetch("stand_ins", others))


def plan_of(layer: Layer, zone: str, start: datetime, end: datetime) -> list[Duty]:
    """Work out who is on duty in a layer between two moments."""
    return planned(rotation_of(layer, zone), stand_ins_of(layer), start, end)


def serving(at: Any) -> Exists:
    """Give the condition for shifts whose person serves in the team at a moment (a time, or a field of the shift)."""
    held = Membership.objects.filter(person=OuterRef("person"), team=OuterRef("team"))
    return Exists(held.filter(Membership.valid_at(at)))


def on_call(at: datetime | None = None) -> QuerySet[Shift]:
    """Give the shifts that hold at a moment: of those who then serve in the team, and can sign in.

    One query, whatever the teams; filter it by team. It knows the past, and the future as far as it is planned.
    """
    at = at or timezone.now()
    held = Shift.objects.filter(serving(at), starts_at__lte=at, ends_at__gt=at, person__is_active=True)
    return held.select_related("person", "team").order_by("team__code", "line", "pk")


def on_call_of(team: Team, at: datetime | None = None) -> list[Shift]:
    """Give who is on call in a team at any moment, also beyond what is planned yet."""
    at = at or timezone.now()
    roster = Roster.objects.filter(team=team).first()
    if roster is None:
        return []
    if roster.planned_until is not None and at < roster.planned_until:
        return list(on_call(at).filter(team=team))
    people = _serving_at(team, at)
    found = shifts_beyond(roster, at, at + timedelta(seconds=1))
    return [shift for shift in found if shift.person_id in people]


def _serving_at(team: Team, at: datetime) -> set[int]:
    held = Membership.objects.filter(Membership.valid_at(at), team=team, person__is_active=True)
    return set(held.values_list("person", flat=True))


def shifts_beyond(roster: Roster, start: datetime, end: datetime) -> list[Shift]:
    """Work out the shifts between two moments from the layers alone; they are in no table."""
    found = []
    for layer in layers_of(roster):
        people = {turn.person_id: turn.person for turn in layer.turns.all()}
        people |= {each.person_id: each.person for each in layer.stand_ins.all()}
        for duty in plan_of(layer, roster.timezone, start, end):
            shift = Shift(layer=layer, team=roster.team, line=layer.line, person=people[duty.person])
            shift.starts_at, shift.ends_at, shift.stands_in = duty.start, duty.end, duty.stands_in
            found.append(shift)
    return sorted(found, key=lambda shift: (shift.starts_at, shift.line))


def shifts_of(roster: Roster, start: datetime, end: datetime) -> list[Shift]:
    """Give the shifts of a team between two moments, the earliest first, whether their people serve then or not."""
    rows = roster.team.shifts.filter(ends_at__gt=start, starts_at__lt=end).select_related("person", "layer", "team")
    found = list(rows.order_by("starts_at", "line", "pk"))
    until = roster.planned_until
    if until is not None and end > until:
        found += shifts_beyond(roster, max(start, until), end)
    return found


def shifts_of_person(person: Person, start: datetime, end: datetime) -> QuerySet[Shift]:
    """Give a person's own shifts between two moments in the teams they then serve in."""
    mine = Shift.objects.filter(serving(OuterRef("starts_at")), person=person, ends_at__gt=start, starts_at__lt=end)
    return mine.select_related("team", "layer", "person").order_by("starts_at", "pk")


@dataclass(frozen=True, slots=True)
class DutyLine:
    """One line of what a desk says of duty: a shift that holds now, or a page that waits."""

    kind: str  # "mine", "now" or "page"
    reference: str
    text: str
    number: int
    at: datetime | None
    team: str

    @property
    def line_name(self) -> object:
        """Give the line of a shift in words."""
        return Line(self.number).label

    @property
    def unanswered(self) -> bool:
        """Tell whether it is a page that nobody has answered."""
        return self.kind == "page" and self.text == Page.State.UNANSWERED


def duty_lines(user: Any, most: int) -> list[DutyLine]:
    """Give what a person's desk says of duty, in one query: pages that wait first, own shifts, then who else is on."""
    scope, now = scope_of(user), timezone.now()
    reach = Q(team__in=scope.teams()) | Q(team__organisation__in=scope.organisations(OVERSEE))
    shifts = on_call(now).filter(reach | Q(person=scope.person)).select_related(None).order_by()
    name = Coalesce(NullIf("person__full_name", Value("")), "person__username", output_field=CharField())
    now_on = shifts.annotate(
        rank=Value(1, IntegerField()),
        own=ExpressionWrapper(Q(person=scope.person), output_field=BooleanField()),
        said=name,
        number=F("line"),
        moment=F("ends_at"),
        place=F("team__code"),
    )
    waiting = Page.objects.visible_to(user).filter(state__in=(Page.State.OPEN, Page.State.UNANSWERED)).order_by()
    pages = waiting.annotate(
        rank=Value(0, IntegerField()),
        own=Value(value=False, output_field=BooleanField()),
        said=F("state"),
        number=F("severity"),
        moment=ExpressionWrapper(F("created_at"), output_field=DateTimeField()),
        place=F("team__code"),
    )
    columns = ("rank", "own", "uuid", "said", "number", "moment", "place")
    both = pages.values_list(*columns).union(now_on.values_list(*columns), all=True)
    found = both.order_by("rank", "-own", "place")[:most]
    return [
        DutyLine("mine" if own else "now" if rank else "page", str(uuid), text, number, at, team)
        for rank, own, uuid, text, number, at, team in found
    ]


def people_by_id(shifts: Sequence[Shift]) -> Mapping[int, Person]:
    """Give the people of some shifts by their inner ids."""
    return {shift.person_id: shift.person for shift in shifts}
