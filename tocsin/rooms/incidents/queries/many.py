"""Many incidents as one person may see them: the same as `View` gives of each, in a fixed number of queries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from tocsin.platform.access import scope_of
from tocsin.rooms.incidents.knowledge.levels import MEASURED
from tocsin.rooms.incidents.models import (
    Audience,
    Deadline,
    Evidence,
    HandOff,
    Incident,
    IncidentEntity,
    Seal,
    Sighting,
    Task,
    TimelineEntry,
)
from tocsin.rooms.incidents.queries.view import ENDS


class Several:
    """Some incidents that are visible to a person (a page of a list, not more than some hundred)."""

    def __init__(self, user: Any, incidents: Sequence[Incident]) -> None:
        self.user, self.incidents = user, incidents
        self._ids = [incident.pk for incident in incidents]

    @cached_property
    def _reached(self) -> Mapping[int, bool]:
        """The incidents seen in full, by inner id, and whether all their parts are."""
        in_charge = Exists(Incident.objects.in_charge(self.user).filter(pk=OuterRef("pk")))
        found = Incident.objects.handled_by(self.user).filter(pk__in=self._ids)
        return dict(found.annotate(all_of_it=in_charge).values_list("pk", "all_of_it"))

    @property
    def handled(self) -> frozenset[int]:
        """The incidents seen in full, by inner id."""
        return frozenset(self._reached)

    @property
    def in_charge(self) -> frozenset[int]:
        """The incidents of which all parts are seen, by inner id."""
        return frozenset(pk for pk, all_of_it in self._reached.items() if all_of_it)

    @cached_property
    def entities(self) -> Mapping[int, IncidentEntity]:
        """The parts shown, by inner id."""
        reach = scope_of(self.user).organisations("incidents.view", "incidents.part")
        shown = Q(organisation__in=reach) | Q(incident__in=self.in_charge)
        found = IncidentEntity.objects.filter(shown, incident__in=self._ids).select_related("organisation")
        return {part.pk: part for part in found.order_by("incident", "organisation__code")}

    def codes(self) -> Mapping[int, list[str]]:
        """Give the codes of the organisations shown, by incident."""
        found: dict[int, list[str]] = {pk: [] for pk in self._ids}
        for part in self.entities.values():
            found[part.incident_id].append(part.organisation.code)
        return found

    def _readable(self) -> Q:
        mine = list(self.entities)
        own = Q(entity__in=mine, audience=Audience.ENTITY) | Q(audience=Audience.ALL)
        team = Q(audience=Audience.TEAM, incident__in=self.handled) & (Q(entity=None) | Q(entity__in=mine))
        return own | team

    def timeline(self) -> QuerySet[TimelineEntry]:
        """Give the lines of the timelines this person may read; none that names an incident they may not know of."""
        known = Exists(Incident.objects.visible_to(self.user).filter(pk=OuterRef("other")))
        found = TimelineEntry.objects.filter(self._readable(), incident__in=self._ids).filter(Q(other=None) | known)
        return found.select_related("author").order_by("incident", "time", "id")

    def tasks(self) -> QuerySet[Task]:
        """Give the tasks this person may read."""
        own = Q(entity__in=list(self.entities)) | Q(entity=None, incident__in=self.handled)
        return Task.objects.filter(own, incident__in=self._ids).select_related("assignee").order_by("incident", "id")

    def hand_offs(self) -> QuerySet[HandOff]:
        """Give the hand-offs this person may see, without what they hold."""
        found: QuerySet[HandOff] = HandOff.objects.visible_to(self.user).filter(incident__in=self._ids)
        return found.select_related(*ENDS, "sent_by", "answered_by").defer("payload").order_by("incident", "id")

    def deadlines(self) -> QuerySet[Deadline]:
        """Give the deadlines this person may know of."""
        own = Q(entity__in=list(self.entities)) | Q(entity=None, incident__in=self.handled)
        found = Deadline.objects.filter(own | Q(entity=None, kind__in=MEASURED), incident__in=self._ids)
        return found.select_related("person", "team").order_by("incident", "id")

    def evidence(self) -> QuerySet[Evidence]:
        """Give what is known of the evidence this person may see, without its text."""
        found = Evidence.objects.filter(self._readable(), incident__in=self._ids)
        return found.select_related("artefact", "added_by").defer("text").order_by("incident", "id")

    def tied(self) -> Mapping[int | None, UUID]:
        """Give the ids of those incidents that these are below or merged into, as far as the person knows them."""
        wanted = {pk for row in self.incidents for pk in (row.parent_id, row.merged_into_id) if pk is not None}
        known = Incident.objects.visible_to(self.user).filter(pk__in=wanted) if wanted else Incident.objects.none()
        return dict(known.values_list("pk", "uuid"))

    def sightings(self) -> QuerySet[Sighting]:
        """Give what the texts name that this person may read."""
        found = Sighting.objects.filter(self._readable(), incident__in=self._ids)
        return found.select_related("observable").order_by("incident", "id")

    def named(self) -> Mapping[int, list[str]]:
        """Give the user names of those an incident is sealed to; they alone reach this."""
        found: dict[int, list[str]] = {pk: [] for pk in self._ids}
        sealed = [row.pk for row in self.incidents if row.sealed]
        seals = Seal.objects.filter(incident__in=sealed) if sealed else Seal.objects.none()
        for incident, name in seals.order_by("person__username").values_list("incident", "person__username"):
            found[incident].append(name)
        return found
