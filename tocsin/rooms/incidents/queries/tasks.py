"""What is to be done, over all incidents."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from tocsin.platform.access import scope_of
from tocsin.rooms.incidents.models import Incident, Task

DATED = ("late", "soon", "dated")
TASKS_SOON = timedelta(days=7)
BY_DUE, NEWEST = ("due_at", "id"), ("-id",)


def tasks_seen(user: Any) -> QuerySet[Task]:
    """Give the tasks a person may read, as the pages of their incidents show them."""
    incident = Incident.objects.filter(pk=OuterRef("incident"))
    reach = scope_of(user).organisations("incidents.view", "incidents.part")
    whole = Q(entity=None) & Exists(incident.handled_by(user))
    own = Q(entity__organisation__in=reach) | whole | Exists(incident.in_charge(user))
    return Task.objects.filter(own, Exists(incident.visible_to(user)))


def overdue_tasks(user: Any) -> QuerySet[Task]:
    """Give the open tasks whose time is over, of the organisations concerned."""
    return tasks_seen(user).filter(entity__isnull=False, state=Task.State.OPEN, due_at__lt=timezone.now())


def tasks_in(user: Any, filters: Mapping[str, str]) -> QuerySet[Task]:
    """Give the tasks of the list; a value that no filter knows matches nothing."""
    found, scope = tasks_seen(user), scope_of(user)
    state = filters.get("state") or Task.State.OPEN
    if state != "all":
        found = found.filter(state=state)
    if code := filters.get("organisation"):
        found = found.filter(entity__organisation__code=code)
    if whose := filters.get("whose"):
        places = scope.organisations("incidents.answer")
        mine = Q(assignee=user) | Q(assignee=None, entity__organisation__in=places)
        found = found.filter(mine) if whose == "mine" else found.none()
    found = _due(found, filters.get("due", ""))
    return found.select_related("incident", "assignee", "entity__organisation")


def tasks_order(filters: Mapping[str, str]) -> tuple[str, ...]:
    """Give the order of the list: those with a date by it, else the newest first."""
    return BY_DUE if filters.get("due") in DATED else NEWEST


def _due(found: QuerySet[Task], which: str) -> QuerySet[Task]:
    now = timezone.now()
    match which:
        case "":
            return found
        case "late":
            return found.filter(due_at__lt=now)
        case "soon":
            return found.filter(due_at__gte=now, due_at__lt=now + TASKS_SOON)
        case "dated":
            return found.filter(due_at__isnull=False)
        case _:
            return found.none()
