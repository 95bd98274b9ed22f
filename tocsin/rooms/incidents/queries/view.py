"""One incident as one person may see it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Exists, Min, OuterRef, Q, QuerySet
from django.http import Http404

from tocsin.platform.access import scope_of
from tocsin.platform.models import GateEntry
from tocsin.rooms.alerts.models import Alert
from tocsin.rooms.incidents.knowledge.levels import MEASURED
from tocsin.rooms.incidents.models import (
    Audience,
    Deadline,
    HandOff,
    Incident,
    IncidentEntity,
    Seal,
    Task,
    TimelineEntry,
)
from tocsin.rooms.incidents.queries.lists import visible
from tocsin.rooms.incidents.queries.similar import Similar, similar
from tocsin.rooms.intel.models import Observable
from tocsin.rooms.notices import queries as notices
from tocsin.rooms.notices.models import Part
from tocsin.rooms.notices.queries.matters import Told

ALERTS_SHOWN = 50
ENDS = ("from_team", "from_organisation", "to_team", "to_organisation")


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

    @property
    def in_charge(self) -> bool:
        """Tell whether this person sees all parts."""
        return self.handler and _in_charge(self.user, self.incident)

    def timeline(self) -> QuerySet[TimelineEntry]:
        """Give the entries this person may read, oldest first."""
        own = Q(entity__in=self.mine, audience=Audience.ENTITY) | Q(audience=Audience.ALL)
        if self.handler:
            own |= Q(audience=Audience.TEAM) & (Q(entity=None) | Q(entity__in=self.mine))
        known = Incident.objects.visible_to(self.user).filter(pk=OuterRef("other"))
        found = self.incident.timeline.filter(own).filter(Q(other=None) | Exists(known))
        return found.select_related("author", "entity__organisation", "other")

    def tasks(self) -> QuerySet[Task]:
        """Give the tasks this person may read."""
        own = Q(entity__in=self.mine)
        if self.handler:
            own |= Q(entity=None)
        return self.incident.tasks.filter(own).select_related("assignee", "entity__organisation")

    def deadlines(self) -> QuerySet[Deadline]:
        """Give the deadlines this person may know of, the soonest due on top.

        Updates begin anew whenever anybody concerned is told something: only handlers, who read that, see those.
        """
        own = Q(entity__in=self.mine) | (Q(entity=None) if self.handler else Q(entity=None, kind__in=MEASURED))
        return self.incident.deadlines.filter(own).select_related("person", "team", "entity__organisation")

    def alerts(self) -> QuerySet[Alert]:
        """Give the alerts of the incident that this person may see."""
        visible: QuerySet[Alert] = Alert.objects.visible_to(self.user).filter(incidents=self.incident)
        return visible.select_related("organisation").order_by("-level", "-last_seen", "-id")[:ALERTS_SHOWN]

    def hand_offs(self) -> QuerySet[HandOff]:
        """Give the hand-offs of the incident that the person may see, newest first, without what they hold."""
        found: QuerySet[HandOff] = HandOff.objects.visible_to(self.user).filter(incident=self.incident)
        return (
            found.select_related(*ENDS, "incident", "sent_by", "answered_by").defer("payload", "note").order_by("-id")
        )

    def offer(self) -> HandOff | None:
        """Give the offer of the incident itself that waits for an answer; only handlers see it."""
        if not self.handler or self.incident.offered_to_id is None:
            return None
        found = self.incident.hand_offs.filter(moves=True, state=HandOff.State.OFFERED)
        return found.select_related("from_team", "to_team", "sent_by").defer("payload").first()

    def sent(self) -> QuerySet[GateEntry]:
        """Give what left or was refused, newest first: to a part's organisation for that part's people."""
        told = Part.objects.filter(notice__matter=self.incident.uuid).values("uuid")
        merged = Incident.objects.filter(merged_into=self.incident).values("uuid")
        about = Q(item_uuid=self.incident.uuid) | Q(item_uuid__in=merged) | Q(item_uuid__in=told)
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

    def similar(self) -> Sequence[Similar]:
        """Give the incidents this person handles whose texts name the same rare things; nothing to others."""
        return similar(self.user, self.incident, self.observables()) if self.handler else []

    def told(self) -> Told:
        """Give the notices and messages about the incident that this person may know of."""
        return notices.about(self.user, self.incident.uuid)

    def seals(self) -> QuerySet[Seal]:
        """Give the people named on a sealed incident; they alone reach this."""
        return self.incident.seals.select_related("person")


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


def offer_or_404(view: View, uuid: UUID) -> HandOff:
    """Give one offer of the incident itself."""
    hand_off: HandOff | None = view.incident.hand_offs.filter(uuid=uuid, moves=True).first()
    if hand_off is None:
        raise Http404("hand-off")
    return hand_off


def entry_or_404(view: View, uuid: UUID) -> TimelineEntry:
    """Give one entry of the incident's timeline that the person may read."""
    entry = view.timeline().filter(uuid=uuid).select_related("incident", "author", "entity__organisation").first()
    if entry is None:
        raise Http404("entry")
    return entry


def part_or_404(view: View, uuid: UUID) -> IncidentEntity:
    """Give one part of the incident that the person may see."""
    part = next((each for each in view.entities if each.uuid == uuid), None)
    if part is None:
        raise Http404("part")
    return part


def deadline_or_404(view: View, uuid: UUID) -> Deadline:
    """Give one deadline of the incident that the person may see."""
    deadline = view.deadlines().filter(uuid=uuid).first()
    if deadline is None:
        raise Http404("deadline")
    return deadline


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
    return view.handler and view.incident.merged_into_id is None and scope_of(view.user).allows("incidents.work")


def may_correct(view: View, entry: TimelineEntry) -> bool:
    """Tell whether the person wrote an entry, so that it is theirs to correct."""
    return not entry.event and entry.author_id == view.user.pk and view.incident.merged_into_id is None


def may_inform(view: View) -> bool:
    """Tell whether the person may send messages about the incident."""
    return view.handler and view.incident.merged_into_id is None and scope_of(view.user).allows("incidents.inform")


def may_answer(view: View) -> bool:
    """Tell whether the person may write in one of the parts shown."""
    scope = scope_of(view.user)
    return any(scope.allows("incidents.answer", entity.organisation_id) for entity in view.entities)


def may_comment(view: View) -> bool:
    """Tell whether the person may say something in the incident."""
    return view.incident.merged_into_id is None and (view.handler or may_answer(view))


def may_answer_offer(view: View) -> bool:
    """Tell whether the person's team was offered the incident and may accept it."""
    return view.incident.offered_to_id in scope_of(view.user).teams("incidents.work")
