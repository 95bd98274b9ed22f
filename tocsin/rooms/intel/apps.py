"""The room as a Django app."""

from __future__ import annotations

from tocsin.platform.apps import RoomConfig


class IntelConfig(RoomConfig):
    """See the room's models and actions."""

    name = "tocsin.rooms.intel"
    label = "intel"
