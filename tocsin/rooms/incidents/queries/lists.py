"""The lists of the room: each starts at what the person may see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.urls import reverse

from tocsin.platform.access import scope_of
from tocsin.rooms.alerts.models import Alert
from tocsin.rooms.constituency.models import Organisation
from tocsin.rooms.incidents.models import (
    HandOff,
    Incident,
    IncidentEntity,
    Severity,
    Task,
)

LINKED = 50
LISTED = ("owner", "owner_team", "offered_to")
SHOWN = ("uuid", "reference", "title", "state", "open", "severity", "tlp", "sealed", "updated_at",
         "owner__username", "owner__full_name", "owner_team__code", "offered_to__code")  # fmt: skip


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
    if filters.get("owner") in {"me", "none"}:
        found = found.filter(owner=user if filters["owner"] == "me" else None)
    found = _of_family(found, user, filters.get("family", ""), filters.get("parent", ""))
    if filters.get("text"):
        found = found.filter(Q(title__icontains=filters["text"]) | Q(reference__iexact=filters["text"]))
    return found.only(*SHOWN)


def _about(found: QuerySet[Incident], user: Any, code: str) -> QuerySet[Incident]:
    reach = scope_of(user).organisations("incidents.view", "incidents.part")
    parts = IncidentEntity.objects.filter(organisation__code=code, organisation__in=reach)
    return found.filter(pk__in=parts.values("incident"))


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


def codes_in_reach(user: Any) -> list[str]:
    """Give the codes of the organisations whose incidents the person may see, for the filter."""
    reach = scope_of(user).organisations("incidents.view", "incidents.part")
    return list(Organisation.objects.filter(pk__in=reach).order_by("code").values_list("code", flat=True))
