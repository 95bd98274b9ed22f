"""Read a table as people and programs write it: separators found out, broken rows set apart, none swallowed.

A quotation mark that nobody closed makes an ordinary reader take the rest of the file for one cell. This one reads a
row over several lines only while that stays strict CSV, comes out with as many cells as the heading, and the lines in
between are not themselves whole rows; otherwise the first line alone is bad, and reading goes on with the next.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tocsin.rooms.exchange.knowledge.split import text as storable

DELIMITERS = (",", ";", "\t", "|")
SAMPLE_LINES = 50
LONGEST_LINE = 1 << 20
MOST_LINES = 300  # of one row
MOST_COLUMNS = 300
SAMPLES = 3


@dataclass(frozen=True, slots=True)
class Layout:
    """How a table is written: its encoding, what separates cells, its heading, and a few cells of each column."""

    encoding: str
    delimiter: str
    header: tuple[str, ...]
    samples: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """One row: where it begins, its cells by heading, what is wrong with it, and its text."""

    line: int
    cells: dict[str, str]
    problem: str
    raw: str


class NoTable(Exception):
    """The file is no table with a heading; the message says what to do."""


def layout_of(path: Path, encoding: str) -> Layout:
    """Find out how a table is written."""
    with path.open(encoding=encoding, errors="replace", newline="") as stream:
        head = [line for line, _whole in _lines(stream, SAMPLE_LINES)]
    first = next((line for line in head if line.strip()), "")
    if not first:
        raise NoTable("The file is empty.")
    delimiter = max(DELIMITERS, key=lambda each: _agreement(head, each))
    header = _header(first, delimiter)
    rows = (row for row in read(path, Layout(encoding, delimiter, header)) if not row.problem)
    sampled = [row for row, _ in zip(rows, range(SAMPLES), strict=False)]
    samples = tuple(tuple(row.cells[name][:80] for row in sampled) for name in header)
    return Layout(encoding, delimiter, header, samples)


def _agreement(lines: list[str], delimiter: str) -> tuple[int, int]:
    """Rate a separator: how many lines have as many cells as the first, then how many cells there are."""
    counts = [len(cells) for line in lines if line.strip() and (cells := _cells(line, delimiter))]
    if not counts or counts[0] < 2:
        return (0, 0)
    return sum(count == counts[0] for count in counts), counts[0]


def _header(line: str, delimiter: str) -> tuple[str, ...]:
    cells = _cells(line, delimiter)
    if cells is None or len(cells) < 2:
        raise NoTable("The first line is no heading: it needs at least two columns, separated by , ; | or tabs.")
    if len(cells) > MOST_COLUMNS:
        raise NoTable(f"The table has {len(cells)} columns; {MOST_COLUMNS} is the most.")
    names: list[str] = []
    for number, cell in enumerate(cells, 1):
        name = " ".join(storable(cell).split())[:100] or f"column {number}"
        while name in names:
            name = f"{name[:90]} ({number})"
        names.append(name)
    return tuple(names)


def _cells(text: str, delimiter: str) -> list[str] | None:
    """Give the cells of one row; None when it is no strict CSV, or a cell is too long."""
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error:
        return None
    return rows[0] if len(rows) == 1 else None


def _lines(stream: io.TextIOBase, most: int = 0) -> Iterator[tuple[str, bool]]:
    """Give the lines of a text, and whether each is whole: what is longer than a megabyte is cut."""
    number = 0
    while line := stream.readline(LONGEST_LINE):
        whole = line.endswith(("\n", "\r")) or len(line) < LONGEST_LINE
        if not whole:
            while (rest := stream.readline(LONGEST_LINE)) and not rest.endswith(("\n", "\r")):
                pass
        yield line, whole
        number += 1
        if number == most:
            return


def read(path: Path, layout: Layout) -> Iterator[Row]:
    """Give the rows of a table below its heading, the broken ones with what is wrong with them."""
    with path.open(encoding=layout.encoding, errors="replace", newline="") as stream:
        yield from _Rows(stream, layout).read()


class _Rows:
    """Reads rows; looks a limited number of lines ahead."""

    def __init__(self, stream: io.TextIOBase, layout: Layout) -> None:
        self._lines, self._layout = _lines(stream), layout
        self._ahead: list[tuple[str, bool]] = []
        self._number = 1

    def _line(self, place: int) -> tuple[str, bool] | None:
        while len(self._ahead) <= place:
            line = next(self._lines, None)
            if line is None:
                return None
            self._ahead.append(line)
        return self._ahead[place]

    def _take(self, count: int) -> str:
        taken, self._ahead = self._ahead[:count], self._ahead[count:]
        self._number += count
        return "".join(line for line, _whole in taken)

    def read(self) -> Iterator[Row]:
        heading = True
        while (first := self._line(0)) is not None:
            line, whole = first
            if not line.strip():
                self._take(1)
            elif heading:
                heading = False
                self._take(1)
            else:
                yield self._row(line, whole)

    def _row(self, line: str, whole: bool) -> Row:
        number = self._number
        if not whole:
            return Row(number, {}, "a line of more than a million characters", storable(self._take(1)[:2_000]))
        cells = _cells(line, self._layout.delimiter)
        if cells is not None:
            return self._checked(number, cells, self._take(1))
        if line.count('"') % 2:
            for count in range(2, MOST_LINES + 1):
                if self._line(count - 1) is None:
                    break
                joined = "".join(text for text, _whole in self._ahead[:count])
                if len(joined) > LONGEST_LINE or _breaks(joined, self._layout.delimiter):
                    break
                cells = _cells(joined, self._layout.delimiter)
                if cells is not None:
                    if len(cells) != len(self._layout.header) or self._swallows(count):
                        break
                    return self._checked(number, cells, self._take(count))
        return Row(number, {}, _reason(line, self._layout.delimiter), storable(self._take(1)))

    def _swallows(self, count: int) -> bool:
        """Tell whether the lines inside of a row over ``count`` lines are rows themselves."""
        inside = [line for line, _whole in self._ahead[1:count]]
        width = len(self._layout.header)
        rows = sum(len(_cells(line, self._layout.delimiter) or ()) == width for line in inside[:-1])
        if width >= 3 and rows and rows == len(inside) - 1:
            return True
        return width >= 3 and inside[-1].count(self._layout.delimiter) >= width - 1

    def _checked(self, number: int, cells: list[str], raw: str) -> Row:
        header = self._layout.header
        if len(cells) != len(header):
            return Row(number, {}, f"{len(cells)} cells where the heading has {len(header)}", storable(raw))
        return Row(number, {name: storable(cell) for name, cell in zip(header, cells, strict=True)}, "", storable(raw))


def _reason(line: str, delimiter: str) -> str:
    try:
        list(csv.reader([line], delimiter=delimiter, strict=True))
    except csv.Error as error:
        if "limit" in str(error):
            return f"a cell of more than {csv.field_size_limit():,} characters"
    return "a quotation mark in it is not closed, or stands in the middle of a cell"


def _breaks(text: str, delimiter: str) -> bool:
    """Tell whether an unfinished row is broken already, whatever follows."""
    try:
        list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error as error:
        return "unexpected end" not in str(error)
    return False
