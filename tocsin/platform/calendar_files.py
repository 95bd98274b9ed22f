"""The calendars of an installation: those that come with the house, and those of the file TOCSIN_CALENDARS."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, Field

from tocsin import config
from tocsin.charts.document import Document, Place, Problem
from tocsin.platform.calendar_days import DayRule
from tocsin.platform.calendars import WHOLE_DAY, Calendar, CalendarError, Stretch, named, next_open, public_holidays
from tocsin.platform.documents import BrokenFile, Entry, read

SHIPPED = Path(__file__).with_name("calendars.yaml")
WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
GROUPS = {"daily": WEEK, "weekdays": WEEK[:5]}
STRETCH = re.compile(r"([01]\d|2[0-4]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)")
NO_HOURS: tuple[Stretch, ...] = ()


def _zone(value: str) -> str:
    if value not in available_timezones():
        raise ValueError(f"'{value}' is no time zone; write a name such as Europe/Brussels")
    return value


def _rule(value: str) -> str:
    DayRule.of(value)
    return value


def _stretch(value: str) -> str:
    found = STRETCH.fullmatch(value)
    if found is None or not _minutes(value)[0] < _minutes(value)[1] <= 24 * 60:
        raise ValueError(f"'{value}' is no stretch of a day; write 09:00-17:30, at most up to 24:00")
    return value


def _minutes(value: str) -> Stretch:
    opens, closes = (int(part[:2]) * 60 + int(part[3:]) for part in value.split("-"))
    return opens, closes


def _days(value: str) -> str:
    if value not in {*WEEK, *GROUPS}:
        raise ValueError(f"'{value}' is no day of the week; write {', '.join((*WEEK, *GROUPS))}")
    return value


Code = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,58}[a-z0-9]$")]
Day = Annotated[str, AfterValidator(_rule)]
Region = Annotated[str, Field(pattern=r"^[A-Z]{2}(-[A-Z0-9]{1,3})?$")]


class Written(Entry):
    """A calendar as it stands in a file; what is left out comes from the one it is ``like``."""

    name: str = Field(min_length=1, max_length=80)
    name_fr: str = Field("", max_length=80)
    like: str = ""
    zone: Annotated[str, AfterValidator(_zone)] | None = None
    hours: Mapping[Annotated[str, AfterValidator(_days)], tuple[Annotated[str, AfterValidator(_stretch)], ...]] = {}
    holidays: tuple[Region, ...] = ()
    closed: tuple[Day, ...] = ()
    open: tuple[Day, ...] = ()


class File(Entry):
    """The whole file."""

    calendars: Mapping[Code, Written] = Field(min_length=1)


@cache
def calendars() -> Mapping[str, Calendar]:
    """Give the calendars of this installation by code; ConfigError when the file of its own cannot be used."""
    own = config.load().tocsin_calendars
    known = _parsed(SHIPPED, {})[0]  # the tests check it: the public holidays it names are heavy to look up
    try:
        return {**known, **load(Path(own), known)} if own else known
    except BrokenFile as error:
        raise config.ConfigError(f"TOCSIN_CALENDARS: {error}") from error


def calendar(code: str) -> Calendar:
    """Give one calendar of this installation; CalendarError when there is none such."""
    return named(code, calendars())


def load(path: Path, beside: Mapping[str, Calendar] | None = None) -> dict[str, Calendar]:
    """Read and check a file of calendars, which may be ``like`` those ``beside``; BrokenFile names all problems."""
    made, document = _parsed(path, beside or {})
    problems = [
        Problem(document.line(("calendars", each.code)), text) for each in made.values() for text in _faults(each)
    ]
    if problems:
        raise BrokenFile(path, problems)
    return made


def _parsed(path: Path, beside: Mapping[str, Calendar]) -> tuple[dict[str, Calendar], Document]:
    written, document = read(path, File)
    made: dict[str, Calendar] = {}
    problems = [Problem(document.line(place), text) for place, text in _overlaps(written)]
    for code in written.calendars:
        try:
            made[code] = _made(code, written.calendars, beside, ())
        except CalendarError as error:
            problems.append(Problem(document.line(("calendars", code)), str(error)))
    if problems:
        raise BrokenFile(path, problems)
    return made, document


def _made(
    code: str, written: Mapping[str, Written], beside: Mapping[str, Calendar], above: tuple[str, ...]
) -> Calendar:
    if code in above:
        raise CalendarError(f"'{code}' is like itself, by way of {' and '.join(above)}")
    entry = written[code]
    base = _base(code, entry.like, written, beside, above)
    return Calendar(
        code=code,
        zone=ZoneInfo(entry.zone) if entry.zone else base.zone,
        hours=_hours(entry.hours) if entry.hours else base.hours,
        names=(("en", entry.name), ("fr", entry.name_fr or entry.name)),
        holidays=(*base.holidays, *entry.holidays),
        closed=(*base.closed, *map(DayRule.of, entry.closed)),
        opened=(*base.opened, *map(DayRule.of, entry.open)),
    )


def _base(
    code: str, like: str, written: Mapping[str, Written], beside: Mapping[str, Calendar], above: tuple[str, ...]
) -> Calendar:
    if not like:
        return Calendar(code, ZoneInfo("UTC"), (NO_HOURS,) * len(WEEK))
    if like in written and like != code:
        return _made(like, written, beside, (*above, code))
    return named(like, beside)


def _hours(given: Mapping[str, tuple[str, ...]]) -> tuple[tuple[Stretch, ...], ...]:
    week: dict[str, tuple[Stretch, ...]] = {}
    for names in (GROUPS, {day: (day,) for day in WEEK}):  # what is said of one day holds before what is said of all
        for name, days in names.items():
            if name in given:
                stretches = tuple(sorted(map(_minutes, given[name])))
                week.update(dict.fromkeys(days, WHOLE_DAY if stretches == WHOLE_DAY else stretches))
    return tuple(week.get(day, NO_HOURS) for day in WEEK)


def _overlaps(written: File) -> Iterator[tuple[Place, str]]:
    for code, entry in written.calendars.items():
        for name, stretches in entry.hours.items():
            if any(later[0] < earlier[1] for earlier, later in pairwise(sorted(map(_minutes, stretches)))):
                yield ("calendars", code, "hours", name), f"the stretches of '{name}' overlap"


def _faults(made: Calendar) -> Iterator[str]:
    """Find what could not be reckoned with later: holidays nobody knows, no open time at all."""
    now = datetime.now(UTC)
    try:
        for place in made.holidays:
            public_holidays(place, now.year)
        next_open(made, now)
    except CalendarError as error:
        yield str(error)
