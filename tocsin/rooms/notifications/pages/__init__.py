"""Pages of the room, and the news that open pages ask for."""

from __future__ import annotations

from tocsin.rooms.notifications.pages.lines import notifications, read, read_all
from tocsin.rooms.notifications.pages.live import live, unchanged
from tocsin.rooms.notifications.pages.wishes import wishes

__all__ = ["live", "notifications", "read", "read_all", "unchanged", "wishes"]
