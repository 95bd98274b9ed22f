"""What is due: at incidents in lists, and at those who answer for it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from tocsin.platform.access import scope_of
from tocsin.rooms.incidents.models import OPEN, RUNNING, Deadline, Incident

SOON = timedelta(hours=4)  # as the tag `due` shows it
DUE = ("late", "soon")


def sees_due(user: Any) -> bool:
    """Tell whether lists show a person when incidents are due: what is due next follows what all parts are told."""
    return scope_of(user).allows("incidents.view")


def due(which: str) -> Q:
    """Give the condition for open incidents that are late, or due within four hours."""
    now = timezone.now()
    if which == "late":
        return Q(open=True, next_due_at__lt=now)
    return Q(open=True, next_due_at__gte=now, next_due_at__lt=now + SOON)


def owed_by(user: Any) -> QuerySet[Incident]:
    """Give the open incidents a person owns, and those of which a team of theirs owes something that is due soon."""
    teams = scope_of(user).teams("incidents.work")
    near = Deadline.objects.filter(RUNNING, team__in=teams, warn_at__lte=timezone.now()).order_by().values("incident")
    mine = Incident.objects.filter(owner=user, open=True).order_by().values("pk")
    # One list of both: with OR the database would walk through every open incident.
    found: QuerySet[Incident] = Incident.objects.visible_to(user).filter(pk__in=mine.union(near), open=True)
    return found.select_related("owner", "owner_team", "offered_to")


def deadlines_of(user: Any) -> QuerySet[Deadline]:
    """Give what a person, or a team of theirs, answers for and was warned of; the soonest due on top."""
    mine = Q(person=user) | Q(team__in=scope_of(user).teams("incidents.view"))
    found: QuerySet[Deadline] = Deadline.objects.visible_to(user).filter(RUNNING, mine, warn_at__lte=timezone.now())
    return _listed(found)


def late_deadlines(user: Any) -> QuerySet[Deadline]:
    """Give the deadlines that were missed and rise to a role of the person's, the oldest on top."""
    risen = Deadline.objects.visible_to(user).filter(OPEN, breached_at__isnull=False)
    return _listed(risen.filter(escalate__in=scope_of(user).roles()))


def _listed(found: QuerySet[Deadline]) -> QuerySet[Deadline]:
    return found.select_related("incident", "entity__organisation", "person", "team").order_by("due_at", "id")
