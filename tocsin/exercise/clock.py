"""Three weeks of time up to the anchor: when people work, when machines do, and how logs write it."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import accumulate

DAYS = 21
HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

# How busy each hour of a day is (UTC), and what a day of the weekend is worth beside a working day.
OFFICE = (1, 1, 1, 1, 1, 4, 22, 70, 100, 98, 95, 70, 55, 88, 96, 90, 66, 30, 12, 7, 5, 3, 2, 1)
PUBLIC = (14, 10, 8, 8, 10, 18, 34, 60, 86, 100, 98, 90, 82, 92, 96, 92, 84, 70, 62, 60, 58, 50, 36, 22)
NIGHT = (60, 100, 100, 80, 30, 4, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 6, 20, 40)
STEADY = (1,) * 24
PROFILES: dict[str, tuple[Sequence[int], float]] = {
    "office": (OFFICE, 0.06),
    "public": (PUBLIC, 0.45),
    "night": (NIGHT, 1.0),
    "steady": (STEADY, 1.0),
}


@dataclass(frozen=True, slots=True)
class Clock:
    """Hold the three weeks that end at the anchor, in milliseconds since 1970."""

    end: int

    @classmethod
    def until(cls, anchor: datetime) -> Clock:
        """Set the clock by its end; fractions of a second are dropped."""
        return cls(int(anchor.astimezone(UTC).timestamp()) * 1000)

    @property
    def start(self) -> int:
        return self.end - DAYS * DAY_MS

    def moments(self, rng: random.Random, count: int, profile: str) -> list[int]:
        """Draw moments as busy people or machines would have them, in order."""
        hours, weekend = PROFILES[profile]
        first = self.start // HOUR_MS
        weights = [
            hours[hour % 24] * (weekend if _weekend(hour // 24) else 1.0) for hour in range(first, first + DAYS * 24)
        ]
        drawn = rng.choices(range(first, first + DAYS * 24), cum_weights=list(accumulate(weights)), k=count)
        random_ = rng.random
        return sorted(min(max(int((hour + random_()) * HOUR_MS), self.start), self.end - 1) for hour in drawn)

    def working_day(self, number: int, time: str) -> int:
        """Give a time on the n-th full working day, counted from 1; there are at least 14."""
        first = self.start // DAY_MS + 1
        days = [day for day in range(first, self.end // DAY_MS) if not _weekend(day)]
        hours, minutes, seconds = (int(part) for part in time.split(":"))
        return days[number - 1] * DAY_MS + ((hours * 60 + minutes) * 60 + seconds) * 1000


def _weekend(day: int) -> bool:
    return (day + 3) % 7 >= 5  # 1970-01-01 was a Thursday


@lru_cache(maxsize=64)
def _date(day: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=day)


@lru_cache(maxsize=64)
def _iso_day(day: int) -> str:
    return _date(day).strftime("%Y-%m-%d")


@lru_cache(maxsize=64)
def _syslog_day(day: int) -> str:
    date = _date(day)
    return f"{MONTHS[date.month - 1]} {date.day:2d}"


@lru_cache(maxsize=64)
def _web_day(day: int) -> str:
    date = _date(day)
    return f"{date.day:02d}/{MONTHS[date.month - 1]}/{date.year}"


@lru_cache(maxsize=4096)
def _minute(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


def iso(ms: int, separator: str = "T") -> str:
    """Write a time as 2026-11-02T08:00:01.123, without a zone."""
    day, rest = divmod(ms, DAY_MS)
    minute, milli = divmod(rest, 60_000)
    return f"{_iso_day(day)}{separator}{_minute(minute)}:{milli // 1000:02d}.{milli % 1000:03d}"


def syslog_stamp(ms: int) -> str:
    """Write a time as RFC 3164 does: Nov  2 08:00:01."""
    day, rest = divmod(ms, DAY_MS)
    minute, milli = divmod(rest, 60_000)
    return f"{_syslog_day(day)} {_minute(minute)}:{milli // 1000:02d}"


def web_stamp(ms: int) -> str:
    """Write a time as web servers do: 02/Nov/2026:08:00:01 +0000."""
    day, rest = divmod(ms, DAY_MS)
    minute, milli = divmod(rest, 60_000)
    return f"{_web_day(day)}:{_minute(minute)}:{milli // 1000:02d} +0000"


def zeek_stamp(ms: int) -> str:
    """Write a time as Zeek does: seconds since 1970 with six decimals."""
    return f"{ms // 1000}.{ms % 1000:03d}{ms % 997:03d}"
