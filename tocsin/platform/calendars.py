"""Business calendars: in which hours of which days time passes, and arithmetic with such time.

Pure functions over frozen values; `calendars.yaml` and the file TOCSIN_CALENDARS hold the values. Hours are those of a
clock on the wall of the calendar's time zone, so that a day on which the clocks change has 23 or 25 of them. An hour
that the change leaves out takes no time; of an hour that comes twice, the stretch ends or begins at its first coming.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, lru_cache
from zoneinfo import ZoneInfo

from django.utils.translation import get_language

from tocsin.platform.calendar_days import DayRule

LONGEST_CLOSED = 400  # days on end; a calendar that is closed for longer can promise nothing
DAY = timedelta(days=1)
WHOLE_DAY = ((0, 24 * 60),)
Stretch = tuple[int, int]  # minutes since midnight


class CalendarError(Exception):
    """A calendar is unknown, or cannot give what was asked; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Calendar:
    """When time passes: ``hours`` are the stretches of Monday to Sunday in ``zone``; days are closed by rules.

    ``holidays`` are countries, or parts of them (DE-HE), whose public holidays are closed. What is ``opened`` is open
    whatever closes it.
    """

    code: str
    zone: ZoneInfo
    hours: tuple[tuple[Stretch, ...], ...]
    names: tuple[tuple[str, str], ...] = ()
    holidays: tuple[str, ...] = ()
    closed: tuple[DayRule, ...] = ()
    opened: tuple[DayRule, ...] = ()

    def __str__(self) -> str:
        names = dict(self.names)
        return names.get(get_language() or "en") or names.get("en") or self.code

    @property
    def always(self) -> bool:
        """Tell whether time passes at all hours of all days."""
        return not (self.holidays or self.closed) and all(stretches == WHOLE_DAY for stretches in self.hours)


def works_on(calendar: Calendar, day: date) -> bool:
    """Tell whether there are open hours on a day."""
    return bool(calendar.hours[day.weekday()]) and day not in _closed_days(calendar, day.year)


def is_open(calendar: Calendar, at: datetime) -> bool:
    """Tell whether time passes at an instant; at the end of a stretch it does no more."""
    return any(opens <= at < closes for opens, closes in _on(calendar, _day_of(calendar, at)))


def next_open(calendar: Calendar, at: datetime) -> datetime:
    """Give the first instant from ``at`` on (UTC) at which time passes."""
    return add(calendar, at, timedelta())


def next_working_day(calendar: Calendar, day: date) -> date:
    """Give ``day`` itself when there are open hours on it, else the next day with some."""
    try:
        for ahead in range(LONGEST_CLOSED + 1):
            if works_on(calendar, day + ahead * DAY):
                return day + ahead * DAY
    except OverflowError as error:
        raise _beyond(calendar) from error
    raise _never(calendar, day)


def add(calendar: Calendar, start: datetime, span: timedelta) -> datetime:
    """Give the instant (UTC) at which ``span`` of open time has passed since ``start``.

    It lies in open time, or at the very end of a stretch of it. With no time to pass it is the next open instant.
    CalendarError when the calendar has no open time for more than a year, or when no date is that far away.
    """
    if span < timedelta():
        raise CalendarError("time passes forwards: a span cannot be negative")
    start, left = start.astimezone(UTC), span
    try:
        if calendar.always:
            return start + span
        for opens, closes in _from(calendar, start):
            begin = max(opens, start)
            if left <= closes - begin:
                return begin + left
            left -= closes - begin
    except OverflowError as error:
        raise _beyond(calendar) from error
    raise _beyond(calendar)


def between(calendar: Calendar, start: datetime, end: datetime) -> timedelta:
    """Give how much open time passes from ``start`` to ``end``; negative when ``end`` is earlier."""
    if end < start:
        return -between(calendar, end, start)
    if calendar.always:
        return end - start
    passed, day, last = timedelta(), _day_of(calendar, start), _day_of(calendar, end)
    while day <= last:
        for opens, closes in _on(calendar, day):
            passed += max(min(closes, end) - max(opens, start), timedelta())
        if day == date.max:
            break
        day += DAY
    return passed


def _from(calendar: Calendar, start: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Give the open stretches that end after ``start``, one after another, without end."""
    day, quiet = _day_of(calendar, start), 0
    while quiet <= LONGEST_CLOSED:
        quiet += 1
        for opens, closes in _on(calendar, day):
            if closes > start:
                quiet = 0
                yield opens, closes
        day += DAY
    raise _never(calendar, day - quiet * DAY)


def _on(calendar: Calendar, day: date) -> list[tuple[datetime, datetime]]:
    if not works_on(calendar, day):
        return []
    edges = [(_at(calendar, day, opens), _at(calendar, day, closes)) for opens, closes in calendar.hours[day.weekday()]]
    return [(opens, closes) for opens, closes in edges if opens < closes]


def _at(calendar: Calendar, day: date, minutes: int) -> datetime:
    if minutes == 24 * 60:
        day, minutes = day + DAY, 0
    return datetime.combine(day, time(minutes // 60, minutes % 60), calendar.zone).astimezone(UTC)


def _day_of(calendar: Calendar, at: datetime) -> date:
    return at.astimezone(calendar.zone).date()


@lru_cache(maxsize=2048)
def _closed_days(calendar: Calendar, year: int) -> frozenset[date]:
    closed = {day for rule in calendar.closed for day in rule.days(year)}
    for place in calendar.holidays:
        closed |= public_holidays(place, year)
    return frozenset(closed - {day for rule in calendar.opened for day in rule.days(year)})


@cache
def public_holidays(place: str, year: int) -> frozenset[date]:
    """Give the public holidays of a country (BE) or a part of one (DE-HE); CalendarError when it is not known."""
    import holidays  # heavy, and of no use to whoever has no such calendar

    country, _, part = place.partition("-")
    try:
        return frozenset(holidays.country_holidays(country, subdiv=part or None, years=year))
    except NotImplementedError as error:
        raise CalendarError(f"the public holidays of '{place}' are not known: {error}") from error


def _never(calendar: Calendar, day: date) -> CalendarError:
    text = f"the calendar '{calendar.code}' has no open time in the {LONGEST_CLOSED} days from {day} on"
    return CalendarError(f"{text}; give it hours, or close fewer days")


def _beyond(calendar: Calendar) -> CalendarError:
    return CalendarError(f"no date is that far away in the calendar '{calendar.code}'")


def named(code: str, among: Mapping[str, Calendar]) -> Calendar:
    """Give one of some calendars; CalendarError names those that there are."""
    if code not in among:
        raise CalendarError(f"there is no calendar '{code}'; there are {', '.join(sorted(among))}")
    return among[code]
