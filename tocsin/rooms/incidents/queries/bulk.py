"""What a change of many incidents at once starts from, and what became of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404

from tocsin.platform.access import scope_of
from tocsin.rooms.incidents.models import BulkChange, Incident
from tocsin.rooms.incidents.queries.lists import queue

CHOSEN_AT_ONCE = 200
MOST_SERIOUS = ("-severity", "-updated_at", "-id")


def matching(user: Any, filters: Mapping[str, str]) -> QuerySet[Incident]:
    """Give all incidents of a list as the person sees it, the most serious first."""
    return queue(user, filters=filters).order_by(*MOST_SERIOUS)


def ticked(user: Any, uuids: Iterable[str]) -> QuerySet[Incident]:
    """Give those of the incidents named that the person may know of."""
    named = [uuid for uuid in map(_uuid, uuids) if uuid is not None][:CHOSEN_AT_ONCE]
    found: QuerySet[Incident] = Incident.objects.visible_to(user).filter(uuid__in=named)
    return found.order_by(*MOST_SERIOUS)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def bulk_change_or_404(user: Any, uuid: UUID) -> BulkChange:
    """Give one of the person's own changes of many incidents."""
    return get_object_or_404(BulkChange.objects.filter(person=user), uuid=uuid)


def works_on_incidents(user: Any) -> bool:
    """Tell whether the person changes incidents anywhere."""
    return scope_of(user).allows("incidents.work")
