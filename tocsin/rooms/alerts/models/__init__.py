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
from tocsin.rooms.alerts.models.suppression import LONGEST, SOON, Suppression, SuppressionChange

__all__ = [
    "LEVEL_STEP",
    "LONGEST",
    "SOON",
    "Alert",
    "AlertComment",
    "BulkChange",
    "Hit",
    "RankField",
    "RawLine",
    "Suppression",
    "SuppressionChange",
    "rank_of",
]
