"""The room as a Django app."""

from __future__ import annotations

from tocsin.platform.apps import RoomConfig


class IncidentsConfig(RoomConfig):
    """See the room's models, queries, actions and pages."""

    name = "tocsin.rooms.incidents"
    label = "incidents"
