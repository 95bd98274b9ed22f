"""Read the records of a file, whatever it is: JSON in any of its shapes, or a table."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tocsin.rooms.exchange.knowledge import opening, rows, split
from tocsin.rooms.exchange.knowledge.peer import Peer


@dataclass(frozen=True, slots=True)
class Found:
    """One record as it was found: its line, its content or what is wrong with it, and its text."""

    line: int
    content: Any
    problem: str
    raw: str


def layout(path: Path) -> rows.Layout:
    """Find out how a table is written; raise `NotReadable` or `NoTable` when it is none."""
    with path.open("rb") as stream:
        opening.check(stream.read(opening.HEAD))
    return rows.layout_of(path, opening.encoding_of(path))


def records(path: Path, peer: Peer, known: rows.Layout | None = None) -> Iterator[Found]:
    """Give the records of a file one by one; memory holds one of them."""
    if peer.format == "csv":
        for row in rows.read(path, known or layout(path)):
            yield Found(row.line, row.cells, row.problem, row.raw)
        return
    with path.open("rb") as head:
        opening.check(head.read(opening.HEAD))
    with opening.json_stream(path) as stream:
        yield from map(_found, _units(stream, peer))


def _units(stream: Any, peer: Peer) -> Iterator[split.Unit]:
    head = stream.read(split.CHUNK)
    stream = _Again(head, stream)
    return split.lines(stream) if split.is_lines(head) else split.units(stream, peer.lists)


class _Again:
    """A stream whose beginning was read already."""

    def __init__(self, head: bytes, stream: Any) -> None:
        self._head, self._stream = head, stream

    def read(self, size: int) -> bytes:
        """Give the next bytes."""
        if not self._head:
            return bytes(self._stream.read(size))
        given, self._head = self._head[:size], self._head[size:]
        return given

    def readline(self, size: int) -> bytes:
        """Give the next line, cut at ``size``."""
        if not self._head:
            return bytes(self._stream.readline(size))
        end = self._head.find(b"\n", 0, size)
        length = end + 1 if end >= 0 else min(size, len(self._head))
        given, self._head = self._head[:length], self._head[length:]
        if end < 0 and len(given) < size and not self._head:
            given += self._stream.readline(size - len(given))
        return given


def _found(unit: split.Unit) -> Found:
    raw = split.text(unit.raw[:64_000].decode("utf-8", "replace"))
    if unit.problem:
        return Found(unit.line, None, unit.problem, raw)
    try:
        return Found(unit.line, split.read(unit.raw), "", raw)
    except ValueError as error:
        return Found(unit.line, None, str(error), raw)
