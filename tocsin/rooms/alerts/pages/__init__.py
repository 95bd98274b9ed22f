"""Pages of the room: thin; what is read is in queries, what is done in actions."""

from __future__ import annotations

from tocsin.rooms.alerts.pages.queue import (
    ROWS,
    alert,
    alert_event,
    alert_hits,
    alert_raw,
    alerts,
    answer,
    ask,
    assign,
    bulk,
    bulk_change,
    comment,
    dispose,
    release,
    reopen,
    take,
)
from tocsin.rooms.alerts.pages.suppressions import (
    suppression,
    suppression_lift,
    suppression_new,
    suppression_prolong,
    suppressions,
)

__all__ = [
    "ROWS",
    "alert",
    "alert_event",
    "alert_hits",
    "alert_raw",
    "alerts",
    "answer",
    "ask",
    "assign",
    "bulk",
    "bulk_change",
    "comment",
    "dispose",
    "release",
    "reopen",
    "suppression",
    "suppression_lift",
    "suppression_new",
    "suppression_prolong",
    "suppressions",
    "take",
]
