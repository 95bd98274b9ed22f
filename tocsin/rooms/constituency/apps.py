"""The room as a Django app."""

from __future__ import annotations

from tocsin.platform.apps import RoomConfig


class ConstituencyConfig(RoomConfig):
    """See the room's models, queries, actions and pages."""

    name = "tocsin.rooms.constituency"
    label = "constituency"
