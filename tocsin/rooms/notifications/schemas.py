"""What programs read of the room."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from ninja import Schema


class NotificationOut(Schema):
    """One line that waits for the token's person, or that they have read."""

    uuid: UUID
    kind: str
    says: str
    reference: str
    title: str
    url: str
    count: int
    by: str | None
    read: bool
    created_at: datetime
    updated_at: datetime
