"""Tables of the room."""

from __future__ import annotations

from tocsin.rooms.alerts.models.alert import (
    LEVEL_STEP,
    Alert,
    AlertComment,
    BulkChange,
    Hit,
    RankField,
    RawLine,
    rank_of,
)

__all__ = ["LEVEL_STEP", "Alert", "AlertComment", "BulkChange", "Hit", "RankField", "RawLine", "rank_of"]
