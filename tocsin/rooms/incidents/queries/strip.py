"""Both timelines of a long incident at a glance: how much happened when, drawn to scale."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from tocsin.rooms.incidents.models import TimelineEntry

FEWEST = 12  # with fewer entries the list says it better
COLUMNS, TALLEST = 120, 20
ROWS = 40


class Mark(NamedTuple):
    """One entry as the strip needs it."""

    time: datetime
    kind: str
    pinned: bool


@dataclass(frozen=True, slots=True)
class Bar:
    """Entries of one lane close to each other: column and height, and whether a key one is among them."""

    column: int
    height: int
    pinned: bool

    @property
    def top(self) -> int:
        """Give where the bar begins, measured from the top of its lane."""
        return TALLEST - self.height


@dataclass(frozen=True, slots=True)
class Row:
    """The same as a line of the table: from when on, how many of the attacker's, how many of the response's."""

    start: datetime
    attack: int
    response: int


@dataclass(frozen=True, slots=True)
class Strip:
    """The drawing: two lanes of bars between two times, and the table beside it."""

    start: datetime
    end: datetime
    attack: Sequence[Bar]
    response: Sequence[Bar]
    rows: Sequence[Row]
    columns: int = COLUMNS


def strip(marks: Sequence[Mark]) -> Strip | None:
    """Draw the timelines; None when there is too little to draw."""
    if len(marks) < FEWEST:
        return None
    start, end = min(mark.time for mark in marks), max(mark.time for mark in marks)
    if end - start < timedelta(minutes=1):
        return None
    attack = [mark for mark in marks if mark.kind == TimelineEntry.Kind.ATTACK]
    response = [mark for mark in marks if mark.kind != TimelineEntry.Kind.ATTACK]
    most = max(max(_columns(lane, start, end).values(), default=0) for lane in (attack, response))
    bars = [_bars(lane, start, end, most) for lane in (attack, response)]
    return Strip(start, end, bars[0], bars[1], _rows(attack, response, start, end))


def _column(time: datetime, start: datetime, end: datetime) -> int:
    return min(COLUMNS - 1, int((time - start) / (end - start) * COLUMNS))


def _columns(lane: Iterable[Mark], start: datetime, end: datetime) -> Counter[int]:
    return Counter(_column(mark.time, start, end) for mark in lane)


def _bars(lane: Sequence[Mark], start: datetime, end: datetime, most: int) -> list[Bar]:
    pinned = {_column(mark.time, start, end) for mark in lane if mark.pinned}
    return [
        Bar(column, max(4, round(number / most * TALLEST)), column in pinned)
        for column, number in sorted(_columns(lane, start, end).items())
    ]


def _rows(attack: Sequence[Mark], response: Sequence[Mark], start: datetime, end: datetime) -> list[Row]:
    """Count by hour, or by the day, or by as many days as keep the table short."""
    span = next(
        (each for each in (timedelta(hours=1), timedelta(days=1)) if (end - start) / each <= ROWS),
        timedelta(days=(end - start).days // ROWS + 1),
    )
    counts = [Counter(_begin(mark.time, span) for mark in lane) for lane in (attack, response)]
    return [Row(time, counts[0][time], counts[1][time]) for time in sorted(counts[0].keys() | counts[1].keys())]


def _begin(time: datetime, span: timedelta) -> datetime:
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    return epoch + (time - epoch) // span * span
