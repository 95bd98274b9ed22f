"""Time passes in a calendar as it does in the office: not at night, not on holidays, right when the clocks change."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tocsin.platform.calendar_days import DayRule
from tocsin.platform.calendar_files import SHIPPED, calendar, load
from tocsin.platform.calendars import (
    Calendar,
    CalendarError,
    add,
    between,
    is_open,
    next_open,
    next_working_day,
    public_holidays,
    works_on,
)

BRUSSELS = ZoneInfo("Europe/Brussels")
ZONES = ("UTC", "Europe/Brussels", "America/Sao_Paulo", "Asia/Beirut", "Australia/Lord_Howe", "Asia/Kathmandu")
WEEKDAYS = ((9 * 60, 17 * 60 + 30),)
OFFICE = Calendar("office", BRUSSELS, (*(WEEKDAYS,) * 5, (), ()))
ALWAYS = Calendar("always", BRUSSELS, (((0, 24 * 60),),) * 7)


def at(text: str, zone: ZoneInfo = BRUSSELS) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


def hours(number: float) -> timedelta:
    return timedelta(hours=number)


@pytest.mark.parametrize(
    ("start", "span", "due"),
    [
        ("2026-11-27 10:00", 4, "2026-11-27 14:00"),
        ("2026-11-27 16:30", 2, "2026-11-30 10:00"),  # over a weekend
        ("2026-11-28 12:00", 1, "2026-11-30 10:00"),  # begun on a Saturday
        ("2026-11-27 07:00", 8.5, "2026-11-27 17:30"),  # ends with the day
        ("2026-11-27 03:00", 0, "2026-11-27 09:00"),
        ("2026-11-27 17:30", 0, "2026-11-30 09:00"),  # the end of the day is closed already
    ],
)
def test_working_time_is_added(start: str, span: float, due: str) -> None:
    assert add(OFFICE, at(start), hours(span)) == at(due)


def test_a_day_on_which_the_clocks_change_has_23_or_25_hours() -> None:
    assert between(ALWAYS, at("2026-03-29 00:00"), at("2026-03-30 00:00").astimezone(UTC)) == hours(23)
    nights = Calendar("nights", BRUSSELS, (((0, 6 * 60),),) * 7)
    assert between(nights, at("2026-03-28 12:00"), at("2026-03-29 12:00")) == hours(5)
    assert between(nights, at("2026-10-24 12:00"), at("2026-10-25 12:00")) == hours(7)
    assert add(nights, at("2026-10-25 00:00"), hours(7)) == at("2026-10-25 06:00")


def test_a_stretch_that_the_change_leaves_out_takes_no_time() -> None:
    gap = Calendar("gap", BRUSSELS, (((2 * 60, 3 * 60),),) * 7)
    assert between(gap, at("2026-03-29 00:00"), at("2026-03-29 12:00")) == timedelta()
    assert add(gap, at("2026-03-29 00:00"), timedelta(minutes=1)) == at("2026-03-30 02:01")


@pytest.mark.parametrize(
    ("day", "works"),
    [
        ("2023-04-06", False),  # Maundy Thursday
        ("2023-05-09", False),
        ("2023-05-19", False),  # the day after Ascension
        ("2023-07-21", False),
        ("2023-11-02", False),
        ("2023-12-27", False),
        ("2024-01-02", False),
        ("2024-01-03", True),
        ("2023-11-11", False),  # a Saturday
        ("2022-11-11", True),  # a holiday of Belgium and not of the institutions
    ],
)
def test_the_institutions_have_days_of_their_own(day: str, works: bool) -> None:
    assert works_on(calendar("eu-brussels"), date.fromisoformat(day)) is works


def test_the_list_of_one_year_is_the_one_that_was_published() -> None:
    """Commission Decision 2021/C 201 I/02: 18 days in 2023 in Brussels."""
    days = [date(2023, 1, 1) + timedelta(days=n) for n in range(365)]
    closed = [day for day in days if day.weekday() < 5 and not works_on(calendar("eu-brussels"), day)]
    assert len(closed) == 18
    in_luxembourg = [day for day in days if day.weekday() < 5 and not works_on(calendar("eu-luxembourg"), day)]
    assert set(closed) ^ set(in_luxembourg) == {date(2023, 6, 23), date(2023, 7, 21)}


def test_public_holidays_are_closed() -> None:
    assert not works_on(calendar("office-be"), date(2026, 11, 11))
    assert works_on(calendar("office-de"), date(2026, 11, 11))
    assert date(2026, 8, 15) in public_holidays("DE-SL", 2026)
    assert date(2026, 8, 15) not in public_holidays("DE-BE", 2026)


def test_the_library_of_holidays_is_loaded_only_when_asked() -> None:
    code = "import sys, tocsin.platform.calendar_files as f; f.calendars(); print('holidays' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"


def test_what_comes_with_the_house_holds() -> None:
    assert set(load(SHIPPED)) >= {"always", "eu-brussels", "eu-luxembourg", "office-be"}


def test_a_calendar_without_open_time_is_an_error_that_says_so() -> None:
    never = Calendar("never", BRUSSELS, ((),) * 7)
    with pytest.raises(CalendarError, match="'never' has no open time in the 400 days from 2026-11-27 on"):
        add(never, at("2026-11-27 10:00"), hours(1))
    shut = Calendar("shut", BRUSSELS, (WEEKDAYS,) * 7, closed=(DayRule.of("01-01..12-31"),))
    with pytest.raises(CalendarError, match="has no open time"):
        next_open(shut, at("2026-11-27 10:00"))
    with pytest.raises(CalendarError, match="has no open time"):
        next_working_day(shut, date(2026, 1, 1))
    assert between(shut, at("2026-01-01 00:00"), at("2027-01-01 00:00")) == timedelta()


def test_there_is_an_end_to_dates() -> None:
    for each in (OFFICE, ALWAYS):
        with pytest.raises(CalendarError, match="no date is that far away"):
            add(each, at("9999-12-01 10:00"), hours(10_000))


def test_time_does_not_pass_backwards() -> None:
    with pytest.raises(CalendarError, match="negative"):
        add(OFFICE, at("2026-11-27 10:00"), hours(-1))
    assert between(OFFICE, at("2026-11-27 12:00"), at("2026-11-27 10:00")) == hours(-2)


@pytest.mark.parametrize(
    "text", ["13-01", "02-30", "easter+", "2026-02-30", "2026-12-31..2026-01-01", "", "every day", "easter+4000"]
)
def test_what_is_no_day_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        DayRule.of(text)


def test_days_may_run_over_the_end_of_a_year() -> None:
    rule = DayRule.of("12-30..01-02")
    assert [str(day) for day in rule.days(2026)] == ["2026-12-30", "2026-12-31", "2026-01-01", "2026-01-02"]
    assert [str(day) for day in DayRule.of("02-29").days(2027)] == ["2027-02-28"]
    assert list(DayRule.of("easter+1").days(1)) == []


@st.composite
def calendars(draw: st.DrawFn) -> Calendar:
    """Draw a calendar with some open time on most days."""

    def stretches() -> tuple[tuple[int, int], ...]:
        edges = sorted(draw(st.lists(st.integers(0, 1440), max_size=6, unique=True)))
        return tuple(zip(edges[::2], edges[1::2], strict=False))

    week = tuple(stretches() for _ in range(7))
    assume(any(closes - opens > 120 for day in week for opens, closes in day))
    rules = draw(st.lists(st.sampled_from(["12-24..01-02", "easter-2", "05-01", "03-29", "10-25"]), max_size=3))
    return Calendar("drawn", ZoneInfo(draw(st.sampled_from(ZONES))), week, closed=tuple(map(DayRule.of, rules)))


instants = st.datetimes(datetime(2024, 1, 1), datetime(2028, 12, 31), timezones=st.just(UTC))
spans = st.timedeltas(timedelta(), timedelta(hours=60))


@given(calendars(), instants, spans)
def test_what_is_added_is_measured(drawn: Calendar, start: datetime, span: timedelta) -> None:
    assert between(drawn, start, add(drawn, start, span)) == span


@given(calendars(), instants, spans)
def test_it_never_lands_in_closed_time(drawn: Calendar, start: datetime, span: timedelta) -> None:
    due = add(drawn, start, span)
    assert is_open(drawn, due) or is_open(drawn, due - timedelta(microseconds=1))
    assert is_open(drawn, next_open(drawn, start))


@given(calendars(), instants, spans, spans)
def test_more_time_or_a_later_start_is_never_due_earlier(
    drawn: Calendar, start: datetime, one: timedelta, two: timedelta
) -> None:
    assert add(drawn, start, one) <= add(drawn, start, one + two)
    assert add(drawn, start, one) <= add(drawn, start + two, one)


@given(calendars(), instants, spans, spans)
def test_time_adds_up(drawn: Calendar, start: datetime, one: timedelta, two: timedelta) -> None:
    middle, end = start + one, start + one + two
    assert between(drawn, start, middle) + between(drawn, middle, end) == between(drawn, start, end)
    assert between(drawn, end, start) == -between(drawn, start, end)
    assert between(drawn, start, end) <= end - start
