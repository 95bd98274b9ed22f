"""Collections of the API: `{"items": [...], "next": cursor}`, oldest change first.

A program reads until ``next`` is null, keeps the last ``updated_at``, and later asks with ``updated_since``. Cursors
stay valid for ever; a row that changes meanwhile moves to the end and is offered again.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

from django.db.models import F, Model, QuerySet, Value
from ninja import Field, Schema
from ninja.errors import HttpError

from tocsin.platform import opaque
from tocsin.platform.lists import RowCompare

M = TypeVar("M", bound=Model)
T = TypeVar("T")

LIMIT, MOST = 100, 1000


class Items(Schema, Generic[T]):
    """One page of a collection; ``next`` is the cursor of the following one, null at the end."""

    items: list[T]
    next: str | None


class Window(Schema):
    """Which part of a collection is asked for."""

    updated_since: datetime | None = Field(None, description="only what changed at or after this time (ISO 8601)")
    cursor: str | None = Field(None, description="the `next` of the page before")
    limit: int = Field(LIMIT, ge=1, le=MOST)


def page_of(
    queryset: QuerySet[M], cursor: str | None, updated_since: datetime | None, limit: int = LIMIT
) -> tuple[Sequence[M], str | None]:
    """Give one page, ordered by (updated_at, id), and the cursor of the next."""
    rows = queryset.order_by("updated_at", "id")
    if updated_since is not None:
        rows = rows.filter(updated_at__gte=_aware(updated_since))
    if cursor:
        rows = rows.filter(_after(*_decoded(cursor)))
    limit = max(1, min(limit, MOST))
    found = list(rows[: limit + 1])
    return found[:limit], _encoded(found[limit - 1]) if len(found) > limit else None


def _aware(when: datetime) -> datetime:
    try:
        return when.astimezone(UTC) if when.tzinfo else when.replace(tzinfo=UTC)
    except OverflowError as error:
        raise HttpError(400, "This time is outside of the calendar.") from error


def _after(when: datetime, key: int) -> RowCompare:
    return RowCompare([F("updated_at"), F("id")], [Value(when), Value(key)], ">")


def _encoded(row: Any) -> str:
    return opaque.shut(f"{row.updated_at.isoformat()} {row.pk}")


def _decoded(cursor: str) -> tuple[datetime, int]:
    try:
        when, _space, key = (opaque.opened(cursor) or "").partition(" ")
        return _aware(datetime.fromisoformat(when)), int(key)
    except ValueError as error:
        raise HttpError(400, "This cursor was not made here; start again without one.") from error
