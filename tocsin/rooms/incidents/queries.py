"""Reads of the room: every one starts at what the person may see."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import Exists, Min, OuterRef, Q, QuerySet
from django.http import Http404
from django.urls import reverse

from tocsin.platform.access import scope_of
from tocsin.platform.models import GateEntry
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.alerts.models import Alert
from tocsin.rooms.constituency.models import Membership, Organisation, Team
from tocsin.rooms.incidents.models import (
    Audience,
    HandOff,
    Incident,
    IncidentEntity,
    Seal,
    Severity,
    Sighting,
    Task,
    TimelineEntry,
)
from tocsin.rooms.intel.models import Observable
from tocsin.rooms.notices import queries as notices
from tocsin.rooms.notices.models import Part
from tocsin.rooms.notices.queries import Matter
from tocsin.rooms.notices.queries.matters import Told

LISTED = ("owner", "owner_team", "offered_to")
SHOWN = ("uuid", "reference", "title", "state", "open", "severity", "tlp", "sealed", "updated_at",
         "owner__username", "owner__full_name", "owner_team__code", "offered_to__code")  # fmt: skip
ALERTS_SHOWN = 50
JOINABLE = 20
SIMILAR_SHOWN = 10
RARE = 20  # what more incidents than these name is no link between any two
COUPLES = 2_000


@dataclass(frozen=True, slots=True)
class Similar:
    """Another incident, and the rare observables that both name."""

    incident: Incident
    shared: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Named:
    """What an incident's texts name, and where else rare things of it are named."""

    observables: Sequence[Observable]
    similar: Sequence[Similar]


@dataclass(frozen=True, slots=True)
class View:
    """One incident as one person may see it: in full (``handler``), or the parts of their own organisations."""

    user: Any
    incident: Incident
    handler: bool
    entities: tuple[IncidentEntity, ...]

    @property
    def mine(self) -> frozenset[int]:
        """The parts shown, by inner id."""
        return frozenset(entity.pk for entity in self.entities)

    def timeline(self) -> QuerySet[TimelineEntry]:
        """Give the entries this person may read, oldest first."""
        own = Q(entity__in=self.mine, audience=Audience.ENTITY) | Q(audience=Audience.ALL)
        if self.handler:
            own |= Q(audience=Audience.TEAM) & (Q(entity=None) | Q(entity__in=self.mine))
        return self.incident.timeline.filter(own).select_related("author", "entity__organisation")

    def tasks(self) -> QuerySet[Task]:
        """Give the tasks this person may read."""
        own = Q(entity__in=self.mine)
        if self.handler:
            own |= Q(entity=None)
        return self.incident.tasks.filter(own).select_related("assignee", "entity__organisation")

    def alerts(self) -> QuerySet[Alert]:
        """Give the alerts of the incident that this person may see."""
        visible: QuerySet[Alert] = Alert.objects.visible_to(self.user).filter(incidents=self.incident)
        return visible.select_related("organisation").order_by("-level", "-last_seen", "-id")[:ALERTS_SHOWN]

    def hand_offs(self) -> QuerySet[HandOff]:
        """Give the hand-offs, newest first; only handlers see them."""
        found = self.incident.hand_offs.select_related("from_team", "to_team", "sent_by", "answered_by")
        return found if self.handler else found.none()

    def sent(self) -> QuerySet[GateEntry]:
        """Give what left or was refused, newest first: to a part's organisation for that part's people."""
        told = Part.objects.filter(notice__matter=self.incident.uuid).values("uuid")
        about = Q(item_uuid=self.incident.uuid) | Q(item_uuid__in=told)
        found = GateEntry.objects.filter(about).select_related("message").order_by("-id")
        if not (self.handler and _in_charge(self.user, self.incident)):
            found = found.filter(recipient_organisation__in=[e.organisation.code for e in self.entities])
        return found[:50]

    def observables(self) -> QuerySet[Observable]:
        """Give what the texts name that this person may read, each once, in the order they were first named."""
        own = Q(sightings__entity__in=self.mine, sightings__audience=Audience.ENTITY)
        own |= Q(sightings__audience=Audience.ALL)
        if self.handler:
            mine = Q(sightings__entity=None) | Q(sightings__entity__in=self.mine)
            own |= Q(sightings__audience=Audience.TEAM) & mine
        named = Observable.objects.filter(own, sightings__incident=self.incident)
        return named.annotate(first=Min("sightings")).order_by("first")

    def named(self) -> Named:
        """Give what the texts name, and the incidents this person handles that name the same rare things."""
        found = list(self.observables())
        return Named(found, _similar(self, found) if self.handler else [])

    def told(self) -> Told:
        """Give the notices and messages about the incident that this person may know of."""
        return notices.about(self.user, self.incident.uuid)

    def seals(self) -> QuerySet[Seal]:
        """Give the people named on a sealed incident; they alone reach this."""
        return self.incident.seals.select_related("person")


def _similar(view: View, found: Sequence[Observable]) -> list[Similar]:
    """Find incidents that share observables with one, which few incidents name and the person may read in both."""
    rare = [each.pk for each in found if 1 < each.seen <= RARE]
    if not rare:
        return []
    reach = Q(entity=None) | Q(entity__organisation__in=scope_of(view.user).organisations("incidents.view"))
    reach |= Q(incident__in=Incident.objects.in_charge(view.user))
    others = Sighting.objects.filter(reach, observable__in=rare).exclude(incident=view.incident)
    others = others.filter(incident__in=Incident.objects.handled_by(view.user))
    couples = others.values_list("incident", "observable__kind", "observable__value").distinct()[:COUPLES]
    shared: defaultdict[int, list[str]] = defaultdict(list)
    for other, kind, value in couples:
        shared[other].append(Observable(kind=kind, value=value).shown)
    ranked = sorted(shared, key=lambda pk: (-len(shared[pk]), -pk))[:SIMILAR_SHOWN]
    known = Incident.objects.in_bulk(ranked)
    return [Similar(known[pk], tuple(shared[pk])) for pk in ranked]


def visible(user: Any) -> QuerySet[Incident]:
    """Give all incidents the person may know of."""
    found: QuerySet[Incident] = Incident.objects.visible_to(user).select_related(*LISTED)
    return found


def queue(user: Any, *, filters: dict[str, str]) -> QuerySet[Incident]:
    """Give the incidents of a list page; unknown filters are ignored, unknown values match nothing."""
    found = visible(user)
    which = filters.get("state") or "open"
    if which in {"open", "ended"}:
        found = found.filter(open=which == "open")
    elif which != "all":
        found = found.filter(state=which)
    if filters.get("offered") == "mine":
        found = found.filter(offered_to__in=scope_of(user).teams("incidents.work"))
    if severity := filters.get("severity"):
        found = found.filter(severity=severity) if severity in map(str, Severity.values) else found.none()
    if filters.get("rsit_class"):
        found = found.filter(rsit_class=filters["rsit_class"])
    if filters.get("organisation"):
        found = _about(found, user, filters["organisation"])
    if filters.get("owner") == "me":
        found = found.filter(owner=user)
    elif filters.get("owner") == "none":
        found = found.filter(owner=None)
    if filters.get("text"):
        found = found.filter(Q(title__icontains=filters["text"]) | Q(reference__iexact=filters["text"]))
    return found.only(*SHOWN)


def _about(found: QuerySet[Incident], user: Any, code: str) -> QuerySet[Incident]:
    reach = scope_of(user).organisations("incidents.view", "incidents.part")
    parts = IncidentEntity.objects.filter(organisation__code=code, organisation__in=reach)
    return found.filter(pk__in=parts.values("incident"))


def view_or_404(user: Any, uuid: UUID) -> View:
    """Give one incident as this person may see it, or the same answer as for one that does not exist."""
    in_full = Exists(Incident.objects.handled_by(user).filter(pk=OuterRef("pk")))
    incident = visible(user).annotate(in_full=in_full).filter(uuid=uuid).first()
    if incident is None:
        raise Http404("incident")
    handler: bool = incident.in_full
    return View(user, incident, handler, tuple(_parts(user, incident, handler=handler)))


def _parts(user: Any, incident: Incident, *, handler: bool) -> QuerySet[IncidentEntity]:
    parts = incident.entities.select_related("organisation").order_by("organisation__code")
    if handler and _in_charge(user, incident):
        return parts
    return parts.filter(organisation__in=scope_of(user).organisations("incidents.view", "incidents.part"))


def _in_charge(user: Any, incident: Incident) -> bool:
    """Tell whether a handler sees all parts: named on a seal, of the team that has it or is offered it, or opener."""
    scope = scope_of(user)
    teams = {incident.owner_team_id, incident.offered_to_id} & scope.teams("incidents.view")
    return incident.sealed or bool(teams) or incident.opened_by_id == scope.person


def listed_organisations(user: Any, incidents: list[Incident]) -> dict[int, list[str]]:
    """Give, for the incidents of one page, the codes of the organisations this person may see in them."""
    reach = scope_of(user).organisations("incidents.view", "incidents.part")
    rows = IncidentEntity.objects.filter(incident__in=[i.pk for i in incidents], organisation__in=reach)
    codes: dict[int, list[str]] = {}
    for incident, code in rows.order_by("organisation__code").values_list("incident_id", "organisation__code"):
        codes.setdefault(incident, []).append(code)
    return codes


@dataclass(frozen=True, slots=True)
class Link:
    """An incident as another room may show it."""

    name: str
    url: str


def of_alert(user: Any, alert: Alert) -> list[Link]:
    """Give the incidents an alert is part of, as far as the person may know of them."""
    found = Incident.objects.visible_to(user).filter(alerts=alert).only("uuid", "reference", "title").order_by("-id")
    return [Link(f"{one.reference} {one.title}", reverse("incident", args=[one.uuid])) for one in found[:ALERTS_SHOWN]]


def joinable(user: Any, organisations: Sequence[Organisation]) -> QuerySet[Incident]:
    """Give the open incidents that alerts can be added to: those handled by the person, the same places' first."""
    same = Exists(IncidentEntity.objects.filter(incident=OuterRef("pk"), organisation__in=organisations))
    handled: QuerySet[Incident] = Incident.objects.handled_by(user).filter(open=True)
    return handled.annotate(same=same).order_by("-same", "-updated_at", "-id")[:JOINABLE]


def offers_to(user: Any) -> QuerySet[HandOff]:
    """Give the hand-offs that wait for an answer of the person's teams, oldest first."""
    teams = scope_of(user).teams("incidents.work")
    open_ones = HandOff.objects.filter(state=HandOff.State.OFFERED, to_team__in=teams)
    mine = open_ones.filter(incident__in=Incident.objects.visible_to(user))
    return mine.select_related("incident", "from_team", "to_team", "sent_by").order_by("id")


def open_tasks_of(user: Any) -> QuerySet[Task]:
    """Give the person's open tasks in incidents they may see, the most urgent first."""
    mine = Task.objects.filter(assignee=user, state=Task.State.OPEN)
    return (
        mine.filter(incident__in=Incident.objects.visible_to(user)).select_related("incident").order_by("due_at", "id")
    )


def organisations_to_open_for(user: Any) -> QuerySet[Organisation]:
    """Give the organisations the person may open an incident for."""
    return Organisation.objects.filter(pk__in=scope_of(user).organisations("incidents.open"), active=True)


def teams_to_offer(incident: Incident | None = None) -> QuerySet[Team]:
    """Give the teams that have somebody who can work on incidents."""
    from tocsin.platform.access import roles_with

    working = Membership.objects.valid().filter(role__in=roles_with("incidents.work"), person__is_active=True)
    found = Team.objects.filter(pk__in=working.values("team"))
    owner = incident.owner_team_id if incident is not None else None
    return found.exclude(pk=owner) if owner is not None else found


def people_to_name() -> QuerySet[Person]:
    """Give the people who can be named in a seal."""
    return Person.objects.filter(is_active=True).order_by("username")


def codes_in_reach(user: Any) -> list[str]:
    """Give the codes of the organisations whose incidents the person may see, for the filter."""
    reach = scope_of(user).organisations("incidents.view", "incidents.part")
    return list(Organisation.objects.filter(pk__in=reach).order_by("code").values_list("code", flat=True))


def default_team(user: Any, organisations: Sequence[Organisation]) -> Team | None:
    """Give the team that incidents are handed to unless somebody chooses another.

    It does incident response, its mandate lies closest above the organisations, and it is of one's own house.
    """
    mine = scope_of(user).teams()
    houses = set(Team.objects.filter(pk__in=mine).values_list("organisation", flat=True))
    found = teams_to_offer().exclude(pk__in=mine).prefetch_related("mandates__organisation").order_by("pk")
    responders = [team for team in found if "incident_response" in team.services]

    def rank(team: Team) -> tuple[int, bool]:
        reach = [_closeness(team, organisation) for organisation in organisations]
        return -min(reach, default=0), team.organisation_id not in houses

    return min(responders, key=rank, default=None)


def _closeness(team: Team, organisation: Organisation) -> int:
    above = [m.organisation.path for m in team.mandates.all() if organisation.path.startswith(m.organisation.path)]
    return max(map(len, above), default=0)


def offer_or_404(view: View, uuid: UUID) -> HandOff:
    """Give one hand-off of the incident."""
    hand_off = view.incident.hand_offs.filter(uuid=uuid).first()
    if hand_off is None:
        raise Http404("hand-off")
    return hand_off


def task_or_404(view: View, uuid: UUID) -> Task:
    """Give one task of the incident that the person may see."""
    task = view.tasks().filter(uuid=uuid).first()
    if task is None:
        raise Http404("task")
    return task


def may_open(user: Any) -> bool:
    """Tell whether the person may open incidents."""
    return scope_of(user).allows("incidents.open")


def may_work(view: View) -> bool:
    """Tell whether the person may change the incident."""
    return view.handler and scope_of(view.user).allows("incidents.work")


def may_inform(view: View) -> bool:
    """Tell whether the person may send messages about the incident."""
    return view.handler and scope_of(view.user).allows("incidents.inform")


def notice_url(view: View) -> str:
    """Give where a notice to all concerned is written, filled in."""
    known = view.incident
    if not (view.handler and scope_of(view.user).allows("notices.send")):
        return ""
    given = {
        "title": known.title,
        "kind": "incident",
        "severity": known.severity,
        "tlp": known.tlp,
        "matter": matter_of(known).written,
        "organisations": sorted(entity.organisation.code for entity in view.entities),
    }
    return f"{reverse('notice_new')}?{urlencode(given, doseq=True)}"


def matter_of(incident: Incident) -> Matter:
    """Give an incident as what a notice is about."""
    named = frozenset(incident.seals.values_list("person", flat=True)) if incident.sealed else frozenset()
    return Matter("incident", incident.uuid, incident.sealed, named)


def matter_for(user: Any, uuid: UUID, hold: bool) -> Matter | None:
    """Give the incident, as what a notice is about, to whoever handles it; held for the transaction if asked."""
    found = Incident.objects.handled_by(user).filter(uuid=uuid)
    incident: Incident | None = (found.select_for_update(of=("self",)) if hold else found).first()
    return None if incident is None else matter_of(incident)


def may_answer(view: View) -> bool:
    """Tell whether the person may write in one of the parts shown."""
    scope = scope_of(view.user)
    return any(scope.allows("incidents.answer", entity.organisation_id) for entity in view.entities)


def may_answer_offer(view: View) -> bool:
    """Tell whether the person's team was offered the incident and may accept it."""
    return view.incident.offered_to_id in scope_of(view.user).teams("incidents.work")
