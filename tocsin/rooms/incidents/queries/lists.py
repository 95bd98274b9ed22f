"""The lists of the room: each starts at what the person may see."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.urls import reverse

from tocsin.platform.access import scope_of
from tocsin.rooms.alerts.models import Alert
from tocsin.rooms.constituency.models import Organisation
from tocsin.rooms.incidents.models import (
    Incident,
    IncidentEntity,
    Severity,
    Task,
)
from tocsin.rooms.incidents.queries.due import DUE, due, sees_due
from tocsin.rooms.incidents.queries.measures import behind, concerning

LINKED = 50
LISTED = ("owner", "owner_team", "offered_to")
SHOWN = ("uuid", "reference", "title", "state", "open", "severity", "tlp", "sealed", "updated_at",
         "next_due_at", "breached", "owner__username", "owner__full_name", "owner_team__code",
         "offered_to__code")  # fmt: skip


def visible(user: Any, *, to_count: bool = False) -> QuerySet[Incident]:
    """Give all incidents the person may know of; ``to_count`` as `IncidentQuerySet.visible_to` has it."""
    found: QuerySet[Incident] = Incident.objects.visible_to(user, to_count=to_count).select_related(*LISTED)
    return found


def queue(user: Any, *, filters: Mapping[str, str], to_count: bool = False) -> QuerySet[Incident]:
    """Give the incidents of a list page; unknown filters are ignored, unknown values match nothing."""
    found = _in_state(visible(user, to_count=to_count), filters.get("state") or "open")
    found = _answered_for(found, user, filters)
    if severity := filters.get("severity"):
        found = found.filter(severity=severity) if severity in map(str, Severity.values) else found.none()
    if filters.get("rsit_class"):
        found = found.filter(rsit_class=filters["rsit_class"])
    if filters.get("organisation"):
        found = found.filter(pk__in=concerning(user, filters["organisation"]))
    found = _of_family(found, user, filters.get("family", ""), filters.get("parent", ""))
    if filters.get("due") in DUE and sees_due(user):
        found = found.filter(due(filters["due"]))
    if filters.get("promise"):
        found = found.filter(pk__in=behind(filters))
    if filters.get("text"):
        found = found.filter(Q(title__icontains=filters["text"]) | Q(reference__iexact=filters["text"]))
    return found.only(*SHOWN)


def _in_state(found: QuerySet[Incident], which: str) -> QuerySet[Incident]:
    if which in {"open", "ended"}:
        return found.filter(open=which == "open")
    return found if which == "all" else found.filter(state=which)


def _answered_for(found: QuerySet[Incident], user: Any, filters: Mapping[str, str]) -> QuerySet[Incident]:
    """Keep those of an owner or a team, or those offered to the person's teams."""
    if filters.get("owner") in {"me", "none"}:
        found = found.filter(owner=user if filters["owner"] == "me" else None)
    if filters.get("team") == "mine":
        found = found.filter(owner_team__in=scope_of(user).teams("incidents.view"))
    elif filters.get("team"):
        found = found.filter(owner_team__code=filters["team"])
    if filters.get("offered") == "mine":
        found = found.filter(offered_to__in=scope_of(user).teams("incidents.work"))
    return found


def _of_family(found: QuerySet[Incident], user: Any, which: str, parent: str) -> QuerySet[Incident]:
    """Keep what has parts, is a part, is a part of one; what the person may not know of counts for nothing."""
    if parent:
        above = Incident.objects.visible_to(user).filter(reference=parent.strip().upper())
        found = found.filter(parent__in=above)
    if which == "parents":
        return found.filter(Exists(Incident.objects.visible_to(user).filter(parent=OuterRef("pk"))))
    if which == "children":
        return found.filter(Exists(Incident.objects.visible_to(user).filter(pk=OuterRef("parent"))))
    return found.none() if which else found


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
    return [Link(f"{one.reference} {one.title}", reverse("incident", args=[one.uuid])) for one in found[:LINKED]]


def open_tasks_of(user: Any) -> QuerySet[Task]:
    """Give the person's open tasks in incidents they may see, the most urgent first."""
    mine = Task.objects.filter(assignee=user, state=Task.State.OPEN)
    return (
        mine.filter(incident__in=Incident.objects.visible_to(user)).select_related("incident").order_by("due_at", "id")
    )


def codes_in_reach(user: Any) -> list[str]:
    """Give the codes of the organisations whose incidents the person may see, for the filter."""
    reach = scope_of(user).organisations("incidents.view", "incidents.part")
    return list(Organisation.objects.filter(pk__in=reach).order_by("code").values_list("code", flat=True))
