"""Split a stream of JSON into the records in it, one at a time, however long it is and whatever is wrong with one.

A stream is one value or many: an array, an envelope (an object one of whose members is a list of records), a single
object, or lines. A reader of whole documents would hold all of it in memory and give up at the first fault; this one
holds one record, says of each where it stands, and goes on behind one that cannot be read.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

import orjson

CHUNK = 1 << 20
LONGEST = 16 << 20  # bytes of one record
WIDEST = 2**63 - 1  # of a number; what is wider is kept in figures
DEEPEST = 60  # containers within one record
SPACE = b" \t\r\n,\x1e\xef\xbb\xbf"  # between values; a record separator (RFC 7464) and a byte order mark too
_STRUCTURE = re.compile(rb'["\[\]{}]')
_IN_STRING = re.compile(rb'["\\]')
_SCALAR_ENDS = re.compile(rb"[\s,\[\]{}]")
_NOT_SPACE = re.compile(rb"[^" + re.escape(SPACE) + rb"]")

TOO_LONG = "longer than 16 MB"
TOO_DEEP = f"nested deeper than {DEEPEST}"
NOT_JSON = "not JSON"
ENDS_EARLY = "the file ends in the middle of it"


@dataclass(frozen=True, slots=True)
class Unit:
    """One value that may be a record: the list it stood in ("" for none), where it begins, its bytes, what is wrong."""

    key: str
    line: int
    raw: bytes
    problem: str = ""


class _Text:
    """A stream as a window that moves forward; knows the number of the line it is at."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream, self._buffer, self.at, self.line = stream, b"", 0, 1

    def more(self) -> bool:
        """Read on, keeping what is not consumed; False at the end."""
        read = self._stream.read(CHUNK)
        self._buffer, self.at = self._buffer[self.at :] + read, 0
        return bool(read)

    def ahead(self) -> bytes:
        """Skip what stands between values; give the next byte without consuming it, nothing at the end."""
        while True:
            found = _NOT_SPACE.search(self._buffer, self.at)
            self.consume((found.start() if found else len(self._buffer)) - self.at)
            if found:
                return found[0]
            if not self.more():
                return b""

    def consume(self, count: int) -> bytes:
        """Give the next bytes and go behind them."""
        start, self.at = self.at, self.at + count
        self.line += self._buffer.count(b"\n", start, self.at)
        return self._buffer[start : self.at]

    def find(self, pattern: re.Pattern[bytes], start: int) -> re.Match[bytes] | None:
        """Find a pattern in the window, ``start`` bytes ahead."""
        return pattern.search(self._buffer, self.at + start)

    @property
    def left(self) -> int:
        """How much of the window lies ahead."""
        return len(self._buffer) - self.at


class _Value:
    """Reads one whole value; keeps at most `LONGEST` bytes of it."""

    def __init__(self, text: _Text) -> None:
        self.text, self.depth, self.inside, self.problem, self.seen = text, 0, False, "", 0
        self.kept: list[bytes] = []

    def read(self) -> tuple[bytes, str]:
        """Give the bytes of the value and what is wrong with it, if anything."""
        while not self._step():
            self._keep(self.text.consume(self.text.left))
            if not self.text.more():
                self.problem = self.problem or ENDS_EARLY
                break
        return b"".join(self.kept), self.problem

    def _keep(self, part: bytes) -> None:
        self.seen += len(part)
        if self.seen > LONGEST:
            self.problem = TOO_LONG
            part = part[: max(0, 2_000 - sum(map(len, self.kept)))]
        self.kept.append(part)
        if self.seen > LONGEST:
            self.kept = [b"".join(self.kept)[:2_000]]

    def _step(self) -> bool:
        """Go through the window; True when the value ended in it."""
        place = 0
        while True:
            found = self.text.find(_IN_STRING if self.inside else _STRUCTURE, place)
            if found is None:
                return False
            place = found.end() - self.text.at
            if self.inside:
                escaping = found[0] == b"\\"
                self.inside = escaping
                if escaping and place == self.text.left:  # the escaped byte is not there yet
                    self._keep(self.text.consume(place - 1))
                    if not self.text.more():
                        self.problem = ENDS_EARLY
                        self._keep(self.text.consume(self.text.left))
                        return True
                    place = 0
                    continue
                place += escaping
            else:
                self._structure(found[0])
            if self.depth == 0 and not self.inside:
                self._keep(self.text.consume(place))
                return True

    def _structure(self, byte: bytes) -> None:
        if byte == b'"':
            self.inside = True
        elif byte in b"[{":
            self.depth += 1
            if self.depth > DEEPEST:
                self.problem = self.problem or TOO_DEEP
        else:
            self.depth -= 1


def _scalar(text: _Text) -> bytes:
    kept: list[bytes] = []
    while (found := text.find(_SCALAR_ENDS, 0)) is None:
        kept.append(text.consume(text.left)[:200])
        if not text.more():
            return b"".join(kept)[:200]
    length = found.start() - text.at
    return (b"".join(kept) + text.consume(length if kept else max(1, length)))[:200]  # what is no value is passed by


def _value(text: _Text) -> tuple[bytes, str]:
    return _Value(text).read() if text.ahead() in (b'"', b"[", b"{") else (_scalar(text), "")


def units(stream: BinaryIO, lists: Collection[str] = ()) -> Iterator[Unit]:
    """Give the values of a stream that may be records; ``lists`` are the members of an envelope that hold them."""
    text = _Text(stream)
    while first := text.ahead():
        if first == b"[":
            yield from _elements(text, "")
        elif first == b"{":
            yield from _members(text, lists)
        else:
            line = text.line
            yield Unit("", line, *_value(text))


def _elements(text: _Text, key: str) -> Iterator[Unit]:
    text.consume(1)
    while (first := text.ahead()) != b"]":
        line = text.line
        if not first:
            yield Unit(key, line, b"", ENDS_EARLY)
            return
        yield Unit(key, line, *_value(text))
    text.consume(1)


def _members(text: _Text, lists: Collection[str]) -> Iterator[Unit]:
    """Read an object: the lists in it that hold records one by one, or else the object itself as one record."""
    line, envelope, size, problem = text.line, False, 0, ""
    kept: list[bytes] = []
    text.consume(1)
    while (first := text.ahead()) != b"}":
        if first != b'"':
            broken = _value(text)[0] if first else b""
            yield Unit("", line, b"{" + b",".join(kept)[:2_000] + broken[:200], NOT_JSON if first else ENDS_EARLY)
            return
        name, wrong = _value(text)
        key = _name(name)
        if text.ahead() == b":":
            text.consume(1)
        else:
            problem = problem or NOT_JSON
        if key in lists and text.ahead() == b"[":
            envelope = True
            yield from _elements(text, key)
            continue
        value, trouble = _value(text)
        problem, size = problem or wrong or trouble, size + len(name) + len(value)
        if size > LONGEST:
            problem = TOO_LONG
        else:
            kept.append(name + b":" + value)
    text.consume(1)
    if not envelope:
        yield Unit("", line, b"{" + b",".join(kept) + b"}", problem)


def _name(raw: bytes) -> str:
    try:
        return str(orjson.loads(raw))
    except orjson.JSONDecodeError:
        return ""


def lines(stream: BinaryIO) -> Iterator[Unit]:
    """Give the lines of a stream that is one value a line: a broken one ends with its line."""
    number = 0
    while line := stream.readline(LONGEST + 1):
        number += 1
        problem = ""
        if len(line) > LONGEST:
            problem, line = TOO_LONG, line[:2_000]
            while (rest := stream.readline(CHUNK)) and not rest.endswith(b"\n"):
                pass
        if line.strip(SPACE):
            yield Unit("", number, line.strip(SPACE), problem)


def is_lines(head: bytes) -> bool:
    """Tell whether a stream that begins like this is one object a line."""
    first, _end, second = head.lstrip(SPACE).partition(b"\n")
    if not second.strip(SPACE).startswith(b"{"):
        return False
    try:
        return isinstance(orjson.loads(first), dict)
    except orjson.JSONDecodeError:
        return False


def read(raw: bytes) -> Any:
    """Read one value; what no database takes is replaced. Raise ValueError with a sentence when it is not JSON.

    ``NaN``, numbers beyond all bounds and halves of characters, which some programs write, are read as nothing or
    as the sign for what cannot be shown.
    """
    try:
        return cleaned(orjson.loads(raw))
    except orjson.JSONDecodeError as error:
        try:
            return cleaned(json.loads(raw.decode("utf-8", "replace"), strict=False))
        except (ValueError, RecursionError):
            raise ValueError(f"not JSON: {error.msg}") from error


def cleaned(value: Any) -> Any:
    """Give a value without NUL, halves of characters, and numbers that are none; it is never deeper than `DEEPEST`."""
    if isinstance(value, str):
        return text(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, int) and abs(value) > WIDEST:
        return str(value)
    if isinstance(value, list):
        return [cleaned(each) for each in value]
    if isinstance(value, dict):
        return {text(str(key)): cleaned(each) for key, each in value.items()}
    return value


def text(value: str) -> str:
    """Give a text as both databases take it: no NUL, no half of a character."""
    if "\0" in value:
        value = value.replace("\0", "\ufffd")
    try:
        value.encode()
    except UnicodeEncodeError:
        value = value.encode("utf-8", "replace").decode()
    return value
