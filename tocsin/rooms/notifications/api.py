"""What programs ask of the room: what waits for the token's person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

from django.http import HttpRequest
from ninja import Query, Router

from tocsin import config
from tocsin.platform.access import require_any
from tocsin.platform.api_lists import Items, Window, page_of
from tocsin.rooms.notifications import actions, queries
from tocsin.rooms.notifications.queries import Line
from tocsin.rooms.notifications.schemas import NotificationOut

if TYPE_CHECKING:
    from tocsin.rooms.accounts.models import Person

PREFIX = "/notifications"
VERBS = ("alerts.view", "incidents.view", "incidents.part", "rota.page")
router = Router()


@router.get("", response=Items[NotificationOut])
def notifications(request: HttpRequest, window: Query[Window], *, unread: bool = False) -> dict[str, Any]:
    """List the lines of the token's person about what they may know of, the oldest change first."""
    require_any(request.user, VERBS)
    found = queries.lines(request.user)
    rows, cursor = page_of(
        found.unread() if unread else found, window.cursor, window.updated_since, window.limit
    )  # fmt: skip
    return {"items": [_out(line) for line in queries.as_shown(request.user, rows)], "next": cursor}


@router.post("/{uuid}/read", response=NotificationOut)
def read(request: HttpRequest, uuid: UUID) -> dict[str, Any]:
    """Take one line as read."""
    require_any(request.user, VERBS)
    line = queries.shown_or_404(request.user, uuid)
    actions.mark_read(person=cast("Person", request.user), line=line.row)
    line.row.refresh_from_db()
    return _out(line)


def _out(line: Line) -> dict[str, Any]:
    row = line.row
    return {
        "uuid": row.uuid,
        "kind": row.kind,
        "says": str(line.kind),
        "reference": line.about.reference,
        "title": line.about.title,
        "url": f"{config.load().url}{line.about.url}",
        "count": row.count,
        "by": row.by.username if row.by is not None else None,
        "read": row.read_at is not None,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
    }
