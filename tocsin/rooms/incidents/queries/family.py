"""The incidents one is tied to: parent, children, links, what was merged; as far as a person may know of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db.models import Case, CharField, OuterRef, Q, QuerySet, Subquery, TextField, UUIDField, Value, When
from django.db.models.functions import Coalesce
from django.http import Http404

from tocsin.rooms.alerts.models import Alert
from tocsin.rooms.incidents.models import Incident, IncidentEntity, Relation, Task, TimelineEntry
from tocsin.rooms.incidents.queries.lists import visible
from tocsin.rooms.incidents.queries.view import View

SHOWN = 100
SUGGESTED = 20


@dataclass(frozen=True, slots=True)
class Family:
    """Whom an incident is tied to. Of a link, the other incident has ``reason``, ``link`` and ``link_kind``."""

    parent: Incident | None = None
    merged_into: Incident | None = None
    children: Sequence[Any] = field(default_factory=list)
    merged: Sequence[Any] = field(default_factory=list)
    linked: Sequence[Any] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.parent or self.merged_into or self.children or self.merged or self.linked)


def family(view: View) -> Family:
    """Give whom an incident is tied to, in one query."""
    tied: dict[str, list[Any]] = {name: [] for name in ("parent", "into", "child", "merged", "linked")}
    for each in _tied(view):
        tied[each.tie].append(each)
    return Family(
        parent=next(iter(tied["parent"]), None),
        merged_into=next(iter(tied["into"]), None),
        children=tied["child"],
        merged=tied["merged"],
        linked=[*tied["linked"], *(each for name in ("parent", "child") for each in tied[name] if each.link)],
    )


def _tied(view: View) -> QuerySet[Any]:
    here = view.incident
    links = Relation.objects.filter(Q(first=here, second=OuterRef("pk")) | Q(second=here, first=OuterRef("pk")))
    others = Relation.objects.filter(first=here).values("second")
    earlier = Relation.objects.filter(second=here).values("first")
    tied = Q(parent=here) | Q(merged_into=here) | Q(pk__in=others) | Q(pk__in=earlier)
    ways = [When(parent=here, then=Value("child")), When(merged_into=here, then=Value("merged"))]
    if here.parent_id is not None:
        tied |= Q(pk=here.parent_id)
        ways.insert(0, When(pk=here.parent_id, then=Value("parent")))
    if here.merged_into_id is not None:
        tied |= Q(pk=here.merged_into_id)
        ways.insert(0, When(pk=here.merged_into_id, then=Value("into")))
    found = Incident.objects.visible_to(view.user).filter(tied).exclude(pk=here.pk)
    told: QuerySet[Any] = found.annotate(
        tie=Case(*ways, default=Value("linked"), output_field=CharField()),
        reason=Coalesce(Subquery(links.values("reason")[:1]), Value(""), output_field=TextField()),
        link=Subquery(links.values("uuid")[:1], output_field=UUIDField()),
        link_kind=Coalesce(Subquery(links.values("kind")[:1]), Value(""), output_field=CharField()),
    )
    return told.order_by("-open", "-severity", "-pk")[:SHOWN]


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
