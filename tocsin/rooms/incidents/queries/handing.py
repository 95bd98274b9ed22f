"""What a person may hand over from an incident, by which routes, to whom, and what of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from django.db.models import Prefetch, Q, QuerySet

from tocsin.platform.access import roles_with, scope_of
from tocsin.rooms.alerts.models import Alert
from tocsin.rooms.constituency.models import Mandate, Membership, Organisation, Team
from tocsin.rooms.incidents.knowledge.routes import Route, Side, routes
from tocsin.rooms.incidents.models import Audience, IncidentEntity, Sighting, Task
from tocsin.rooms.incidents.queries.choices import closeness
from tocsin.rooms.incidents.queries.view import View
from tocsin.rooms.incidents.querysets import ANSWER
from tocsin.rooms.intel.models import Observable

SEND = "hand_offs.send"
MOST = 200
End: TypeAlias = Team | Organisation


@dataclass(frozen=True, slots=True)
class Way:
    """A route that is open to a person on an incident: who would hand over, and to whom, the nearest first."""

    route: Route
    senders: Sequence[End | None]
    receivers: Sequence[End]


def written(end: End) -> str:
    """Give one end as forms and addresses carry it."""
    return f"{'team' if isinstance(end, Team) else 'organisation'}:{end.code}"


def ways(view: View) -> list[Way]:
    """Give the routes open to a person on an incident, with somebody at their other end; three questions.

    A sealed one has none: it is handed over by naming people in its seal.
    """
    if view.incident.sealed:
        return []
    mandates = Prefetch("mandates", Mandate.objects.select_related("organisation"))
    teams = list(Team.objects.prefetch_related(mandates).order_by("pk"))
    staffed = _staffed(view)
    found = []
    for route in routes():
        sending = senders(view, route, teams)
        if not sending or (route.moves and not view.incident.open):
            continue
        receiving = _receivers(view, route, sending, teams, staffed)
        if receiving:
            found.append(Way(route, sending, receiving))
    return found


def way(view: View, number: str) -> Way | None:
    """Give one route if it is open to the person."""
    return next((each for each in ways(view) if each.route.id == number), None)


def senders(view: View, route: Route, teams: Sequence[Team]) -> list[End | None]:
    """Give as whom the person may hand over by a route: None is a handler who has no team.

    An incident is handed over by the team that has it, by whoever may; all else by a team or organisation of one's own.
    """
    scope = scope_of(view.user)
    if route.moves:
        owner = next((team for team in teams if team.pk == view.incident.owner_team_id), None)
        fits = route.sender.any_team or (owner is not None and route.sender.fits(owner.services))
        return [owner] if fits and view.handler and scope.allows("incidents.open") else []
    if route.sender.teams:
        mine = scope.teams(SEND)
        return [t for t in teams if view.handler and t.pk in mine and route.sender.fits(t.services)]
    return [part.organisation for part in view.entities if _holds(view.user, route.sender, part.organisation_id)]


def _holds(user: Any, side: Side, organisation: int) -> bool:
    grants = scope_of(user).grants
    return any(
        grant.role in side.roles and "incidents.answer" in grant.verbs and organisation in grant.organisations
        for grant in grants
    )


@dataclass(frozen=True, slots=True)
class _Staffed:
    """Which roles people with an account hold in each team, and at each organisation shown (by inner id)."""

    teams: Mapping[int, set[str]]
    places: Mapping[int, set[str]]

    def able(self, team: Team, verb: str) -> bool:
        """Tell whether somebody in a team may do something."""
        return not self.teams.get(team.pk, set()).isdisjoint(roles_with(verb))

    def answered(self, place: Organisation, roles: Sequence[str]) -> bool:
        """Tell whether somebody stands at an organisation in one of these roles."""
        return not self.places.get(place.pk, set()).isdisjoint(roles)


def _staffed(view: View) -> _Staffed:
    places = [part.organisation_id for part in view.entities]
    somewhere = Q(team__isnull=False) | Q(organisation__in=places)
    held = Membership.objects.valid().filter(somewhere, person__is_active=True)
    found = _Staffed(defaultdict(set), defaultdict(set))
    for team, place, role in held.values_list("team", "organisation", "role"):
        (found.teams if team is not None else found.places)[team or place or 0].add(role)
    return found


def _receivers(
    view: View, route: Route, sending: Sequence[End | None], teams: Sequence[Team], staffed: _Staffed
) -> list[End]:
    places = [part.organisation for part in view.entities]
    if not route.receiver.teams:
        return [place for place in places if staffed.answered(place, route.receiver.roles)]
    verb = "incidents.work" if route.moves else ANSWER
    fitting = [t for t in teams if staffed.able(t, verb) and route.receiver.fits(t.services) and t not in sending]
    houses = {team.organisation_id for team in sending if isinstance(team, Team)}

    def rank(team: Team) -> tuple[int, int, bool, str]:
        reach = [closeness(team, place) for place in places]
        trade = route.receiver.place(team.services)
        return -min(reach, default=0), trade, team.organisation_id not in houses, team.code

    fitting.sort(key=rank)
    return [*fitting]


def part_at(view: View, sender: End | None, receiver: End) -> IncidentEntity | None:
    """Give the part whose own things alone go this way: where one end is an organisation."""
    place = next((end for end in (receiver, sender) if isinstance(end, Organisation)), None)
    return None if place is None else next(part for part in view.entities if part.organisation_id == place.pk)


def summary_for(view: View, part: IncidentEntity | None) -> str:
    """Give the summary that may be handed over."""
    if part is not None:
        return part.summary
    return view.incident.summary if view.handler else ""


def observables_for(view: View, part: IncidentEntity | None) -> QuerySet[Observable]:
    """Give the observables that may be handed over: those the person reads, and that are of the part."""
    found = view.observables()
    if part is not None:
        own = Q(entity=part, audience=Audience.ENTITY) | Q(audience=Audience.ALL)
        found = found.filter(pk__in=Sighting.objects.filter(own, incident=view.incident).values("observable"))
    return found[:MOST]


def tasks_for(view: View, part: IncidentEntity | None) -> QuerySet[Task]:
    """Give the open tasks that may be handed over."""
    found = view.tasks().filter(state=Task.State.OPEN)
    return (found if part is None else found.filter(entity=part))[:MOST]


def alerts_for(view: View, part: IncidentEntity | None) -> QuerySet[Alert]:
    """Give the alerts that may be handed over."""
    found: QuerySet[Alert] = Alert.objects.visible_to(view.user).filter(incidents=view.incident)
    if part is not None:
        found = found.filter(organisation=part.organisation_id)
    return found.select_related("organisation").order_by("-level", "-last_seen", "-id")[:MOST]
