"""Rosters as people see them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Prefetch, Q, QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils import timezone

from tocsin.platform.access import scope_of
from tocsin.platform.wallclock import moment, zone_named
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.constituency.models import Membership, Team
from tocsin.rooms.rota.models import MANAGE, Layer, Roster, Shift, StandIn
from tocsin.rooms.rota.queries.duty import on_call, shifts_of

WEEKS_SHOWN, TEAMS_MOST = 4, 100


def may_manage(user: Any, team: Team) -> bool:
    """Tell whether a person may change a team's roster: its own people, and whoever manages its host."""
    scope = scope_of(user)
    own = team.pk in scope.teams(MANAGE)
    return own or (scope.allows(MANAGE) and scope.allows("constituency.manage", team.organisation_id))


def team_or_404(user: Any, uuid: UUID) -> Team:
    """Give one team, read with its roster; one out of sight is as good as none."""
    return get_object_or_404(Team.objects.visible_to(user).select_related("organisation", "roster"), uuid=uuid)


def managed_team_or_404(user: Any, uuid: UUID) -> Team:
    """Give one team whose roster the person may change."""
    team = team_or_404(user, uuid)
    if not may_manage(user, team):
        raise Http404("team")
    return team


def layer_or_404(user: Any, uuid: UUID) -> Layer:
    """Give one layer that the person may change."""
    found = Layer.objects.filter(uuid=uuid, active=True, roster__in=Roster.objects.visible_to(user))
    layer = found.select_related("roster__team__organisation").prefetch_related("turns__person").first()
    if layer is None or not may_manage(user, layer.roster.team):
        raise Http404("layer")
    return layer


def stand_in_or_404(user: Any, uuid: UUID) -> StandIn:
    """Give one stand-in that the person may take back."""
    found = StandIn.objects.filter(uuid=uuid, layer__roster__in=Roster.objects.visible_to(user))
    stand_in = found.select_related("layer__roster__team__organisation", "person").first()
    if stand_in is None or not may_manage(user, stand_in.layer.roster.team):
        raise Http404("stand-in")
    return stand_in


def roster_of(team: Team) -> Roster | None:
    """Give the roster of a team that was read with it; none when it keeps none."""
    return getattr(team, "roster", None)


def members(team: Team) -> QuerySet[Person]:
    """Give who serves in a team now or later, and can therefore take shifts."""
    held = Membership.objects.filter(Q(valid_to=None) | Q(valid_to__gt=timezone.now()), team=team)
    return Person.objects.filter(pk__in=held.values("person"), is_active=True).order_by("username")


def teams_on_call(user: Any) -> list[tuple[Team, list[Shift]]]:
    """Give the teams with a roster that a person may see, each with who is on call now, in two queries."""
    kept = Layer.objects.filter(active=True).values("roster__team")
    now = Prefetch("shifts", on_call(), to_attr="on_call_now")
    teams: QuerySet[Any] = Team.objects.visible_to(user).filter(pk__in=kept).prefetch_related(now).order_by("code")
    return [(team, team.on_call_now) for team in teams[:TEAMS_MOST]]


@dataclass(frozen=True, slots=True)
class Weeks:
    """Some weeks of a roster, from a Monday on the team's clock, and the shifts that touch them."""

    begins: datetime
    ends: datetime
    shifts: Sequence[Shift]


def week_start(roster: Roster, day: date | None) -> datetime:
    """Give when the week of a day begins on the team's clock; this week's when no day is given."""
    zone = zone_named(roster.timezone)
    wanted = day or timezone.now().astimezone(zone).date()
    return moment(wanted - timedelta(days=wanted.weekday()), time.min, zone)


def weeks_of(roster: Roster, start: datetime) -> Weeks:
    """Give four weeks of a roster from the beginning of one on."""
    zone = zone_named(roster.timezone)
    end = moment(start.astimezone(zone).date() + timedelta(weeks=WEEKS_SHOWN), time.min, zone)
    return Weeks(start, end, shifts_of(roster, start, end))


def coming(team: Team) -> QuerySet[Shift]:
    """Give the shifts of a team that are not over, as far as they are shown, for a choice."""
    until = datetime.now(UTC) + timedelta(weeks=13)
    found = team.shifts.filter(ends_at__gt=timezone.now(), starts_at__lt=until)
    return found.select_related("person", "layer__roster__team__organisation").order_by("starts_at", "line", "pk")
