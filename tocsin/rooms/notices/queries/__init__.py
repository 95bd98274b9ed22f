"""What the room knows: whom something concerns, and who would be told of it."""

from __future__ import annotations

from tocsin.rooms.notices.queries.affected import Affected, Fact, Row, affected, preview
from tocsin.rooms.notices.queries.directory import Desk, Directory, directory
from tocsin.rooms.notices.queries.routing import Routed, Step, Told, Trouble, resolve
from tocsin.rooms.notices.queries.simulation import Simulated, simulate
from tocsin.rooms.notices.queries.values import Unread, Value, read_values

__all__ = [
    "Affected",
    "Desk",
    "Directory",
    "Fact",
    "Routed",
    "Row",
    "Simulated",
    "Step",
    "Told",
    "Trouble",
    "Unread",
    "Value",
    "affected",
    "directory",
    "preview",
    "read_values",
    "resolve",
    "simulate",
]
