"""Periods that a legal text sets, by the rules of Regulation (EEC, Euratom) No 1182/71, Article 3.

The hour (or day) in which the event occurs is not counted; a period of hours ends with its last hour, whatever day that
is; any other ends with its last day, and when that is no working day, with the next one; a period of two days or more
includes at least two working days. Months and years end on the day with the same date, or on the last of the month.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Self

from dateutil.relativedelta import relativedelta

from tocsin.platform.calendars import DAY, Calendar, CalendarError, next_working_day, works_on

MOST = 10_000
HOUR = timedelta(hours=1)
TWO = 2  # working days that a period of two days or more includes at least
WRITTEN = re.compile(r"([1-9]\d{0,4}) (working day|hour|day|week|month|year)s?")


class Unit(StrEnum):
    """What a period is counted in."""

    HOUR = "hour"
    DAY = "day"
    WORKING_DAY = "working day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"


@dataclass(frozen=True, slots=True)
class Period:
    """So many hours, days, working days, weeks, months or years."""

    count: int
    unit: Unit

    @classmethod
    def of(cls, text: str) -> Self:
        """Read a period as people write it: 24 hours, 5 working days, 1 month; ValueError says what can be written."""
        found = WRITTEN.fullmatch(text.strip())
        if found is None or int(found[1]) > MOST:
            raise ValueError(f"'{text}' is no period; write 24 hours, 3 days, 5 working days, 2 weeks, 1 month, 1 year")
        return cls(int(found[1]), Unit(found[2]))


def ends(calendar: Calendar, event: datetime, period: Period) -> datetime:
    """Give the instant (UTC) with which a period that begins with an event ends, by the days of ``calendar``.

    Of a period in days it is midnight at the end of the last of them. CalendarError when there is no such date.
    """
    local = event.astimezone(calendar.zone)
    try:
        if period.unit is Unit.HOUR:
            begun = event.astimezone(UTC) - timedelta(
                minutes=local.minute, seconds=local.second, microseconds=local.microsecond
            )
            return begun + HOUR + period.count * HOUR
        last = _last_day(calendar, local.date(), period)
        return datetime.combine(last + DAY, time(), calendar.zone).astimezone(UTC)
    except (OverflowError, ValueError) as error:
        raise CalendarError(f"{period.count} {period.unit}s after {event} is no date") from error


def _last_day(calendar: Calendar, event: date, period: Period) -> date:
    if period.unit is Unit.WORKING_DAY:
        return _working_days_after(calendar, event, period.count)
    counted = {
        Unit.DAY: relativedelta(days=period.count),
        Unit.WEEK: relativedelta(weeks=period.count),
        Unit.MONTH: relativedelta(months=period.count),
        Unit.YEAR: relativedelta(years=period.count),
    }[period.unit]
    last = event + counted
    if (last - event).days >= TWO:
        last = max(last, _working_days_after(calendar, event, TWO))
    return last if works_on(calendar, last) else next_working_day(calendar, last)


def _working_days_after(calendar: Calendar, day: date, count: int) -> date:
    for _ in range(count):
        day = next_working_day(calendar, day + DAY)
    return day
