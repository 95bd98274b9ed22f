"""Writes of the room."""

from __future__ import annotations

from tocsin.rooms.notifications.actions.letters import send_due
from tocsin.rooms.notifications.actions.notify import notify
from tocsin.rooms.notifications.actions.presence import note_presence
from tocsin.rooms.notifications.actions.reading import mark_all_read, mark_read, mark_seen
from tocsin.rooms.notifications.actions.sweep import forget_presence, sweep
from tocsin.rooms.notifications.actions.wishes import choose, prefer

__all__ = [
    "choose",
    "forget_presence",
    "mark_all_read",
    "mark_read",
    "mark_seen",
    "note_presence",
    "notify",
    "prefer",
    "send_due",
    "sweep",
]
