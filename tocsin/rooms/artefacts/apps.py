"""The room as a Django app."""

from __future__ import annotations

from tocsin.platform.apps import RoomConfig


class ArtefactsConfig(RoomConfig):
    """See the room's models, queries, actions and jobs; its pages are those of the rooms whose artefacts these are."""

    name = "tocsin.rooms.artefacts"
    label = "artefacts"
