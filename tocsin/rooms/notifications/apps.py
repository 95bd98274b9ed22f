"""The room as a Django app."""

from __future__ import annotations

from tocsin.platform.apps import RoomConfig


class NotificationsConfig(RoomConfig):
    """See the room's models, queries, actions and pages."""

    name = "tocsin.rooms.notifications"
    label = "notifications"
