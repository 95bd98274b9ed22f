"""Days that return: the same date every year, so many days from Easter, or one date once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Self

from dateutil.easter import easter

EVERY_YEAR = re.compile(r"(\d\d)-(\d\d)(?:\.\.(\d\d)-(\d\d))?")
EASTER = re.compile(r"easter([+-]\d{1,3})?")
ONCE = re.compile(r"(\d{4}-\d\d-\d\d)(?:\.\.(\d{4}-\d\d-\d\d))?")
LEAP = 2000  # a year that has every date
LONGEST = 366  # days of one stretch
FIRST, LAST = 1583, 4099  # the years for which Easter is defined


def easter_day(year: int) -> date | None:
    """Give Easter Sunday of the western churches; None for years in which it is not defined."""
    return easter(year) if FIRST <= year <= LAST else None


@dataclass(frozen=True, slots=True)
class DayRule:
    """Days of a calendar: ``first`` to ``last`` every year (month, day), ``offset`` days from Easter, or ``dates``."""

    yearly: tuple[tuple[int, int], tuple[int, int]] | None = None
    offset: int | None = None
    dates: tuple[date, date] | None = None

    @classmethod
    def of(cls, text: str) -> Self:
        """Read a rule as people write it; ValueError says what can be written."""
        if found := EVERY_YEAR.fullmatch(text):
            first = (int(found[1]), int(found[2]))
            last = (int(found[3]), int(found[4])) if found[3] else first
            for month, day in (first, last):
                date(LEAP, month, day)
            return cls(yearly=(first, last))
        if found := EASTER.fullmatch(text):
            return cls(offset=int(found[1] or 0))
        if found := ONCE.fullmatch(text):
            begin = date.fromisoformat(found[1])
            end = date.fromisoformat(found[2]) if found[2] else begin
            if not timedelta() <= end - begin < timedelta(days=LONGEST):
                raise ValueError(f"'{text}' must end after it begins, and within a year")
            return cls(dates=(begin, end))
        raise ValueError(f"'{text}' is no day; write 12-24, 12-24..12-31, easter-2, easter+39 or 2026-12-24")

    def days(self, year: int) -> Iterator[date]:
        """Give the days that lie in a year."""
        if self.yearly is not None:
            yield from self._every_year(year, *self.yearly)
        elif self.dates is not None:
            yield from (day for day in _all(*self.dates) if day.year == year)
        elif (sunday := easter_day(year)) is not None:
            yield sunday + timedelta(days=self.offset or 0)

    def _every_year(self, year: int, first: tuple[int, int], last: tuple[int, int]) -> Iterator[date]:
        if first > last:  # over the end of the year
            yield from _all(_date(year, first), date(year, 12, 31))
            first = (1, 1)
        yield from _all(_date(year, first), _date(year, last))


def _date(year: int, of: tuple[int, int]) -> date:
    month, day = of
    return date(year, month, day if (month, day) != (2, 29) or _leaps(year) else 28)


def _leaps(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def _all(first: date, last: date) -> Iterator[date]:
    for number in range((last - first).days + 1):
        yield first + timedelta(days=number)
