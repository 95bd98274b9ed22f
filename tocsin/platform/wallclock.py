"""Clocks on walls: what time it is there, and when a clock shows a time."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAY, SECOND = timedelta(days=1), timedelta(seconds=1)


def zone_named(name: str) -> ZoneInfo:
    """Give a time zone; one that nobody knows counts as UTC."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return ZoneInfo("UTC")


def moment(day: date, at: time, zone: ZoneInfo) -> datetime:
    """Give the moment at which a wall clock shows a time on a day; one it skips is the moment of the jump.

    Of a time that it shows twice it is the first.
    """
    local = datetime.combine(day, at, tzinfo=zone)
    found = local.astimezone(UTC)
    if found.astimezone(zone).replace(tzinfo=None) == local.replace(tzinfo=None):
        return found
    low, high = found - DAY, found  # before the jump, and after it
    before = low.astimezone(zone).utcoffset()
    while high - low > SECOND:
        middle = low + (high - low) / 2
        low, high = (middle, high) if middle.astimezone(zone).utcoffset() == before else (low, middle)
    return high.replace(microsecond=0)
