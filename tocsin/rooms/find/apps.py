"""The room as a Django app."""

from __future__ import annotations

from tocsin.platform.apps import RoomConfig


class FindConfig(RoomConfig):
    """See the room's queries and pages."""

    name = "tocsin.rooms.find"
    label = "find"
