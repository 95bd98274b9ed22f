"""Who is on duty when: checked against the clock on the wall, minute by minute, through every change of the clocks."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.platform.wallclock import moment
from tocsin.rooms.rota.queries.planning import Duty, Rotation, gaps, on_duty, overlaps, planned

BRUSSELS = ZoneInfo("Europe/Brussels")
ZONES = ("Europe/Brussels", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC", "Africa/Casablanca")
MONDAY = date(2026, 3, 2)
HOUR, DAY, WEEK = timedelta(hours=1), timedelta(days=1), timedelta(weeks=1)


def utc(*at: int) -> datetime:
    return datetime(*at).replace(tzinfo=UTC)  # type: ignore[arg-type]  # never so many that one is a zone


clock = st.times(min_value=time(0), max_value=time(23, 59)).map(lambda t: t.replace(second=0, microsecond=0))
rotations = st.builds(
    Rotation,
    zone=st.sampled_from(ZONES),
    starts_on=st.dates(min_value=date(2026, 1, 1), max_value=date(2026, 4, 1)),
    handover_at=clock,
    people=st.lists(st.integers(1, 5), min_size=1, max_size=5).map(tuple),
    weeks=st.integers(1, 4),
    ends_on=st.none() | st.dates(min_value=date(2026, 4, 1), max_value=date(2026, 12, 31)),
    days=st.frozensets(st.integers(0, 6), min_size=1),
    hours=st.none() | st.tuples(clock, clock),
)
moments = st.datetimes(min_value=datetime(2026, 2, 1), max_value=datetime(2026, 12, 20), timezones=st.just(UTC)).map(
    lambda at: at.replace(second=0, microsecond=0)
)
spans = st.tuples(moments, st.integers(1, 60 * 24 * 30)).map(lambda s: (s[0], s[0] + timedelta(minutes=s[1])))
stand_ins = st.lists(st.builds(lambda p, s: Duty(p, *s), st.integers(6, 9), spans), max_size=4)


def test_a_turn_is_handed_over_at_the_same_time_on_the_wall_before_and_after_the_clocks_change() -> None:
    rotation = Rotation("Europe/Brussels", MONDAY, time(9), people=(1, 2))
    found = planned(rotation, (), utc(2026, 3, 16), utc(2026, 4, 6, 12))
    assert [duty.start for duty in found[1:]] == [
        utc(2026, 3, 16, 8), utc(2026, 3, 23, 8), utc(2026, 3, 30, 7), utc(2026, 4, 6, 7),
    ]  # fmt: skip
    assert [duty.person for duty in found] == [2, 1, 2, 1, 2]
    assert found[2].end - found[2].start == WEEK - HOUR  # the week that loses an hour


def test_the_week_in_autumn_has_one_hour_more() -> None:
    rotation = Rotation("Europe/Brussels", MONDAY, time(9), people=(1, 2))
    (duty,) = [d for d in planned(rotation, (), utc(2026, 10, 1), utc(2026, 11, 9)) if d.start == utc(2026, 10, 19, 7)]
    assert duty.end - duty.start == WEEK + HOUR


def test_a_time_that_is_skipped_is_the_moment_of_the_jump() -> None:
    assert moment(date(2026, 3, 29), time(2, 30), BRUSSELS) == utc(2026, 3, 29, 1)
    assert moment(date(2026, 3, 29), time(2, 0), BRUSSELS) == utc(2026, 3, 29, 1)
    assert moment(date(2026, 3, 29), time(3, 0), BRUSSELS) == utc(2026, 3, 29, 1)


def test_a_time_that_comes_twice_is_its_first_coming() -> None:
    assert moment(date(2026, 10, 25), time(2, 30), BRUSSELS) == utc(2026, 10, 25, 0, 30)


def test_a_night_shift_over_the_jump_is_an_hour_shorter() -> None:
    rotation = Rotation("Europe/Brussels", MONDAY, time(0), (1,), hours=(time(22), time(6)))
    found = planned(rotation, (), utc(2026, 3, 28, 12), utc(2026, 3, 29, 12))
    assert [(duty.start, duty.end) for duty in found] == [(utc(2026, 3, 28, 21), utc(2026, 3, 29, 4))]


def test_hours_within_the_hour_that_is_skipped_are_no_duty() -> None:
    rotation = Rotation("Europe/Brussels", MONDAY, time(0), (1,), hours=(time(2, 10), time(2, 50)))
    assert planned(rotation, (), utc(2026, 3, 29), utc(2026, 3, 30)) == []


def test_a_stand_in_takes_a_piece_out_of_a_turn_and_the_newest_counts() -> None:
    rotation = Rotation("UTC", MONDAY, time(0), (1,))
    week = utc(2026, 3, 2), utc(2026, 3, 9)
    first = Duty(7, utc(2026, 3, 4), utc(2026, 3, 6))
    newer = Duty(8, utc(2026, 3, 5), utc(2026, 3, 7))
    found = planned(rotation, (first, newer), *week)
    assert [(d.person, d.start.day, d.end.day, d.stands_in) for d in found] == [
        (1, 2, 4, False), (7, 4, 5, True), (8, 5, 7, True), (1, 7, 9, False),
    ]  # fmt: skip


def test_nobody_is_on_duty_before_the_first_hand_over_nor_after_the_last_day() -> None:
    rotation = Rotation("UTC", MONDAY, time(9), (1,), ends_on=date(2026, 3, 4))
    found = planned(rotation, (), utc(2026, 2, 1), utc(2026, 6, 1))
    assert [(d.start, d.end) for d in found] == [(utc(2026, 3, 2, 9), utc(2026, 3, 5))]
    assert planned(Rotation("UTC", MONDAY, time(9), ()), (), *[utc(2026, 3, 2), utc(2026, 3, 9)]) == []


@given(rotations, stand_ins, spans, moments)
def test_what_a_span_says_of_a_moment_no_other_span_denies(
    rotation: Rotation, others: list[Duty], span: tuple[datetime, datetime], at: datetime
) -> None:
    minute = on_duty(planned(rotation, others, at, at + timedelta(minutes=1)), at)
    low, high = min(span[0], at), max(span[1], at + timedelta(minutes=1))
    whole = on_duty(planned(rotation, others, low, high), at)
    assert [(d.person, d.stands_in) for d in minute] == [(d.person, d.stands_in) for d in whole]
    assert len(whole) <= 1  # a layer has one person on duty


@given(rotations, moments)
def test_the_turn_is_what_the_wall_clock_says(rotation: Rotation, at: datetime) -> None:
    """Count weeks on the wall, without any arithmetic in UTC; the hour around a change of the clocks is left out."""
    zone = ZoneInfo(rotation.zone)
    local = at.astimezone(zone)
    offsets = {(at + HOUR * n).astimezone(zone).utcoffset() for n in (-3, 0, 3)}
    if len(offsets) > 1 or any((at + DAY * n).astimezone(zone).utcoffset() not in offsets for n in (-1, 1)):
        return
    wall = local.replace(tzinfo=None)
    since = wall - datetime.combine(rotation.starts_on, rotation.handover_at)
    over = rotation.ends_on is not None and wall.date() > rotation.ends_on
    begins, ends = rotation.hours or (time(0), time(0))
    today, yesterday = wall.weekday() in rotation.days, (wall - DAY).weekday() in rotation.days
    if ends > begins:
        within = today and begins <= wall.time() < ends
    else:
        within = (today and wall.time() >= begins) or (yesterday and wall.time() < ends)
    expected = (
        []
        if since < timedelta() or over or not within
        else [rotation.people[since // (WEEK * rotation.weeks) % len(rotation.people)]]
    )
    assert [d.person for d in on_duty(planned(rotation, (), at, at + timedelta(minutes=1)), at)] == expected


@given(rotations, stand_ins, spans)
def test_shifts_follow_each_other_within_the_span(
    rotation: Rotation, others: list[Duty], span: tuple[datetime, datetime]
) -> None:
    found = planned(rotation, others, *span)
    assert all(span[0] <= duty.start < duty.end <= span[1] for duty in found)
    assert all(one.end <= two.start for one, two in pairwise(found))


@given(st.sampled_from(ZONES), st.dates(date(2020, 1, 1), date(2030, 1, 1)), clock, clock)
def test_a_later_time_on_the_wall_is_never_earlier(zone: str, day: date, one: time, two: time) -> None:
    first, last = sorted((one, two))
    assert moment(day, first, ZoneInfo(zone)) <= moment(day, last, ZoneInfo(zone))
    assert moment(day, last, ZoneInfo(zone)) <= moment(day + DAY, first, ZoneInfo(zone))


@given(rotations, stand_ins, spans)
def test_shifts_and_gaps_fill_the_span(rotation: Rotation, others: list[Duty], span: tuple[datetime, datetime]) -> None:
    held = [(duty.start, duty.end) for duty in planned(rotation, others, *span)]
    free = gaps(held, *span)
    total = sum((high - low for low, high in [*held, *free]), timedelta())
    assert total == span[1] - span[0]
    assert overlaps(held, free) == []


@given(st.lists(st.integers(1, 9), min_size=1, max_size=6), st.sampled_from(ZONES), moments)
def test_a_layer_around_the_clock_has_no_gap(people: list[int], zone: str, at: datetime) -> None:
    rotation = Rotation(zone, date(2026, 1, 5), time(2, 30), tuple(people))
    held = [(duty.start, duty.end) for duty in planned(rotation, (), at, at + WEEK * 8)]
    assert gaps(held, at, at + WEEK * 8) == []


@pytest.mark.parametrize("zone", ["", "Nowhere/At All", "../etc/passwd", "\0"])
def test_a_zone_that_nobody_knows_counts_as_utc(zone: str) -> None:
    rotation = Rotation(zone, MONDAY, time(9), (1,))
    assert planned(rotation, (), utc(2026, 3, 2), utc(2026, 3, 3))[0].start == utc(2026, 3, 2, 9)
