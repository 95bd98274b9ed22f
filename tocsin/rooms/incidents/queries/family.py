"""The incidents one is tied to: parent, children, links, what was merged; as far as a person may know of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Case, Q, QuerySet, When
from django.http import Http404

from tocsin.rooms.alerts.models import Alert
from tocsin.rooms.incidents.models import Incident, IncidentEntity, Relation, Task, TimelineEntry
from tocsin.rooms.incidents.queries.lists import visible
from tocsin.rooms.incidents.queries.view import View

SHOWN = 100
SUGGESTED = 20


@dataclass(frozen=True, slots=True)
class Family:
    """Whom an incident is tied to; the other end of a link comes with the link."""

    parent: Incident | None = None
    merged_into: Incident | None = None
    children: Sequence[Incident] = ()
    merged: Sequence[Incident] = ()
    linked: Sequence[tuple[Incident, Relation]] = ()


def family(view: View) -> Family:
    """Give whom an incident is tied to, in two queries that its indexes answer."""
    here = view.incident
    links = list(Relation.objects.filter(Q(first=here) | Q(second=here)).order_by("-pk")[:SHOWN])
    ends = {link.second_id if link.first_id == here.pk else link.first_id: link for link in links}
    above = {here.parent_id, here.merged_into_id} - {None}
    tied = Q(parent=here) | Q(merged_into=here) | Q(pk__in=[*ends, *above])
    found: QuerySet[Incident] = Incident.objects.visible_to(view.user).filter(tied)
    rank = Case(When(pk__in=above, then=0), default=1)  # however many are below, the one above is shown
    known = {each.pk: each for each in found.order_by(rank, "-open", "-severity", "-pk")[:SHOWN]}
    return Family(
        parent=known.get(here.parent_id or 0),
        merged_into=known.get(here.merged_into_id or 0),
        children=[each for each in known.values() if each.parent_id == here.pk],
        merged=[each for each in known.values() if each.merged_into_id == here.pk],
        linked=[(known[pk], link) for pk, link in ends.items() if pk in known],
    )


def relation_or_404(view: View, uuid: UUID) -> Relation:
    """Give one link of the incident to another that the person may know of."""
    here = Q(first=view.incident) | Q(second=view.incident)
    known = Incident.objects.visible_to(view.user)
    found = Relation.objects.filter(here, uuid=uuid, first__in=known, second__in=known)
    relation = found.select_related("first", "second").first()
    if relation is None:
        raise Http404("link")
    return relation


def named(user: Any, written: str) -> Incident | None:
    """Give the incident that a person names by its reference, if they may know of it."""
    found: Incident | None = visible(user).filter(reference=written.strip().upper()).first()
    return found


def suggested(view: View) -> list[Incident]:
    """Give the open incidents that the person handles and may mean by "another one", the last changed first."""
    found = Incident.objects.handled_by(view.user).filter(open=True, sealed=view.incident.sealed)
    return list(found.exclude(pk=view.incident.pk).order_by("-updated_at", "-id")[:SUGGESTED])


@dataclass(frozen=True, slots=True)
class Divisible:
    """What of an incident a person may give to a new one."""

    parts: Sequence[IncidentEntity]
    alerts: Sequence[Alert]
    tasks: Sequence[Task]
    entries: Sequence[TimelineEntry]


def divisible(view: View) -> Divisible:
    """Give what a person sees of an incident and may give to a new one, the newest entries first."""
    alerts = Alert.objects.visible_to(view.user).filter(incidents=view.incident).order_by("-id")
    entries = view.timeline().exclude(kind=TimelineEntry.Kind.CHANGE).order_by("-time", "-id")
    return Divisible(view.entities, list(alerts[:SHOWN]), list(view.tasks()[:SHOWN]), list(entries[:SHOWN]))
