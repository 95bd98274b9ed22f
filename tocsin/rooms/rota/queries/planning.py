"""From a rotation to who is on duty when. Pure: nothing is read here, and the clock is given.

All intervals hold their beginning and not their end; all moments are in UTC. A wall clock is read as the zone says on
that day: a time that is skipped in spring is the moment of the jump, one that comes twice in autumn its first coming.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from tocsin.platform.wallclock import moment, zone_named

DAY, WEEK = timedelta(days=1), timedelta(weeks=1)
EVERY_DAY = frozenset(range(7))


@dataclass(frozen=True, slots=True)
class Rotation:
    """One layer of a roster: ``people`` (inner ids) take turns of ``weeks`` weeks, the first from ``starts_on``.

    Its weekday is that of the hand-over, at ``handover_at``. On ``days`` (0 is Monday) and within ``hours`` alone
    somebody is on duty; without hours that is around the clock, hours that end before they begin end on the next day.
    """

    zone: str
    starts_on: date
    handover_at: time
    people: tuple[int, ...]
    weeks: int = 1
    ends_on: date | None = None
    days: frozenset[int] = EVERY_DAY
    hours: tuple[time, time] | None = None


@dataclass(frozen=True, slots=True)
class Duty:
    """Somebody is on duty from ``start`` until before ``end``; ``stands_in`` when not by the rotation."""

    person: int
    start: datetime
    end: datetime
    stands_in: bool = False


def planned(rotation: Rotation, stand_ins: Sequence[Duty], start: datetime, end: datetime) -> list[Duty]:
    """Give who is on duty between two moments; of several stand-ins at one time the last of the sequence counts."""
    found = list(_rotated(rotation, start, end))
    for stand_in in stand_ins:
        cut = _within(replace(stand_in, stands_in=True), start, end)
        if cut is not None:
            found = [piece for duty in found for piece in _without(duty, cut)] + [cut]
    return sorted(found, key=lambda duty: duty.start)


def _rotated(rotation: Rotation, start: datetime, end: datetime) -> Iterator[Duty]:
    zone = zone_named(rotation.zone)
    always = rotation.hours is None and rotation.days == EVERY_DAY
    windows = [(start, end)] if always else list(_windows(rotation, zone, start, end))
    for turn in _turns(rotation, zone, start, end):
        for low, high in windows:
            cut = _within(turn, low, high)
            if cut is not None:
                yield cut


def _turns(rotation: Rotation, zone: ZoneInfo, start: datetime, end: datetime) -> Iterator[Duty]:
    if not rotation.people:
        return
    length = WEEK * rotation.weeks
    behind = (start.astimezone(zone).date() - rotation.starts_on) // length - 1
    number = max(0, behind)
    last = _end_of(rotation, zone)
    while True:
        begins = moment(rotation.starts_on + number * length, rotation.handover_at, zone)
        if begins >= end or (last is not None and begins >= last):
            return
        ends = moment(rotation.starts_on + (number + 1) * length, rotation.handover_at, zone)
        ends = ends if last is None else min(ends, last)
        if ends > start:
            yield Duty(rotation.people[number % len(rotation.people)], begins, ends)
        number += 1


def _end_of(rotation: Rotation, zone: ZoneInfo) -> datetime | None:
    return None if rotation.ends_on is None else moment(rotation.ends_on + DAY, time.min, zone)


def _windows(rotation: Rotation, zone: ZoneInfo, start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Give the hours in which the layer is on duty, clipped to the span."""
    begins, ends = rotation.hours or (time.min, time.min)
    day = start.astimezone(zone).date() - DAY
    until = end.astimezone(zone).date()
    while day <= until:
        if day.weekday() in rotation.days:
            low = moment(day, begins, zone)
            high = moment(day if ends > begins else day + DAY, ends, zone)
            if high > low and high > start and low < end:
                yield max(low, start), min(high, end)
        day += DAY


def _within(duty: Duty, start: datetime, end: datetime) -> Duty | None:
    low, high = max(duty.start, start), min(duty.end, end)
    return replace(duty, start=low, end=high) if low < high else None


def _without(duty: Duty, other: Duty) -> Iterator[Duty]:
    if other.end <= duty.start or duty.end <= other.start:
        yield duty
        return
    if duty.start < other.start:
        yield replace(duty, end=other.start)
    if other.end < duty.end:
        yield replace(duty, start=other.end)


def on_duty(duties: Iterable[Duty], at: datetime) -> list[Duty]:
    """Give who is on duty at a moment."""
    return [duty for duty in duties if duty.start <= at < duty.end]


def gaps(spans: Iterable[tuple[datetime, datetime]], start: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
    """Give when, between two moments, none of the spans holds."""
    found, reached = [], start
    for low, high in sorted(spans):
        if low >= end:
            break
        if low > reached:
            found.append((reached, low))
        reached = max(reached, high)
    return [*found, (reached, end)] if reached < end else found


def overlaps(
    spans: Sequence[tuple[datetime, datetime]], other: Sequence[tuple[datetime, datetime]]
) -> list[tuple[datetime, datetime]]:
    """Give when a span of the one and a span of the other hold at the same time."""
    shared = ((max(a, c), min(b, d)) for a, b in spans for c, d in other)
    return sorted((low, high) for low, high in shared if low < high)
