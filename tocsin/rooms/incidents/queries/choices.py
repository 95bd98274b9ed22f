"""What a person may choose from in the room's forms."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from tocsin.platform.access import roles_with, scope_of
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.constituency.models import Membership, Organisation, Team
from tocsin.rooms.incidents.knowledge.flags import raised
from tocsin.rooms.incidents.models import Incident, IncidentEntity

JOINABLE = 20


def joinable(user: Any, organisations: Sequence[Organisation]) -> QuerySet[Incident]:
    """Give the open incidents that alerts can be added to: those handled by the person, the same places' first."""
    same = Exists(IncidentEntity.objects.filter(incident=OuterRef("pk"), organisation__in=organisations))
    handled: QuerySet[Incident] = Incident.objects.handled_by(user).filter(open=True)
    return handled.annotate(same=same).order_by("-same", "-updated_at", "-id")[:JOINABLE]


def organisations_to_open_for(user: Any) -> QuerySet[Organisation]:
    """Give the organisations the person may open an incident for."""
    return Organisation.objects.filter(pk__in=scope_of(user).organisations("incidents.open"), active=True)


def teams_to_offer(incident: Incident | None = None) -> QuerySet[Team]:
    """Give the teams that have somebody who can work on incidents."""
    working = Membership.objects.valid().filter(role__in=roles_with("incidents.work"), person__is_active=True)
    found = Team.objects.filter(pk__in=working.values("team"))
    owner = incident.owner_team_id if incident is not None else None
    return found.exclude(pk=owner) if owner is not None else found


def team_for(incident: Incident, service: str) -> Team | None:
    """Give the team to offer an incident to that renders a service, unless it has it already."""
    if incident.owner_team is not None and service in incident.owner_team.services:
        return None
    return next((team for team in teams_to_offer(incident).order_by("pk") if service in team.services), None)


def team_proposed(incident: Incident) -> Team | None:
    """Give the team that a flag proposes to offer the incident to."""
    services = [each.meaning.offer for each in raised(incident) if each.meaning.offer]
    return team_for(incident, services[0]) if services else None


def colleagues(user: Any) -> QuerySet[Person]:
    """Give the people who work on incidents in the teams in which the person does."""
    working = Membership.objects.valid().filter(
        team__in=scope_of(user).teams("incidents.work"), role__in=roles_with("incidents.work")
    )
    return Person.objects.filter(pk__in=working.values("person"), is_active=True).order_by("full_name", "username")


def people_to_name() -> QuerySet[Person]:
    """Give the people who can be named in a seal."""
    return Person.objects.filter(is_active=True).order_by("username")


def default_team(user: Any, organisations: Sequence[Organisation]) -> Team | None:
    """Give the team that incidents are handed to unless somebody chooses another.

    It does incident response, its mandate lies closest above the organisations, and it is of one's own house.
    """
    mine = scope_of(user).teams()
    houses = set(Team.objects.filter(pk__in=mine).values_list("organisation", flat=True))
    found = teams_to_offer().exclude(pk__in=mine).prefetch_related("mandates__organisation").order_by("pk")
    responders = [team for team in found if "incident_response" in team.services]

    def rank(team: Team) -> tuple[int, bool]:
        reach = [closeness(team, organisation) for organisation in organisations]
        return -min(reach, default=0), team.organisation_id not in houses

    return min(responders, key=rank, default=None)


def closeness(team: Team, organisation: Organisation) -> int:
    """Give how near above an organisation a team's mandate lies; 0 when it does not cover it."""
    above = [m.organisation.path for m in team.mandates.all() if organisation.path.startswith(m.organisation.path)]
    return max(map(len, above), default=0)
