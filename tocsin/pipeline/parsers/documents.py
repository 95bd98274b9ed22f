"""Cut a stream of JSON objects, spread over lines or strung together in an array, into single ones."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from typing import BinaryIO

from tocsin.pipeline.parsers.errors import ContentError
from tocsin.pipeline.parsers.lines import BOM, KEPT, LIMIT, WIDE, blocks
from tocsin.pipeline.schema.event import Reading, Reject

_TOKEN = re.compile(rb'"(?:[^"\\\r\n]|\\[^\r\n])*"|["{}]')
_BETWEEN = re.compile(rb"[\s,\[\]]*")
_TOO_LONG = f"record is over {LIMIT:,} bytes; its first {KEPT:,} are kept"
_JUNK = re.compile(rb"[^{\n]*\n?")


class _Window:
    """Hold the part of the stream that is being looked at, as UTF-8; ``at`` is where we are in it."""

    def __init__(self, stream: BinaryIO, reading: Reading) -> None:
        self._source = blocks(stream)
        self.failure: ContentError | None = None
        self.data, self.at, self.indent = b"", 0, b""
        self._base = reading.start
        first = self._next()
        encoding = str(reading.state.get("encoding", ""))
        if not reading.start and first[:2] in WIDE:
            encoding = reading.state["encoding"] = WIDE[first[:2]]
            first, self._base = first[2:], 2
        elif not reading.start and first.startswith(BOM):
            first, self._base = first[len(BOM) :], len(BOM)
        self._decoder = codecs.getincrementaldecoder(encoding)(errors="replace") if encoding else None
        self._append(first)

    def offset(self) -> int:
        """Say where we are in the original."""
        return self._base + self._width(self.data[: self.at]) if self._decoder else self._base + self.at

    def more(self) -> bool:
        """Let go of what lies behind us and take in another block; False at the end."""
        block = self._next()
        self._base, self.data, self.at = self.offset(), self.data[self.at :], 0
        self._append(block)
        return bool(block)

    def _width(self, data: bytes) -> int:
        return len(data.decode(errors="replace").encode("utf-16-le"))

    def _next(self) -> bytes:
        try:
            return next(self._source, b"")
        except ContentError as error:
            self.failure = error
            return b""

    def _append(self, block: bytes) -> None:
        self.data += self._decoder.decode(block).encode(errors="replace") if self._decoder else block


def documents(stream: BinaryIO, reading: Reading) -> Iterator[tuple[int, bytes] | Reject]:
    """Give the offset and bytes of each object; what cannot be one is rejected up to where the next begins.

    A string cannot go on over a line end, so a missing quote costs one record and not the rest of the file.
    """
    window = _Window(stream, reading)
    while _to_next(window):
        if window.data[window.at : window.at + 1] != b"{":
            yield _junk(window)
            continue
        length, reason = _measure(window)
        if reason:
            yield _broken(window, reason)
        else:
            yield window.offset(), window.data[window.at : window.at + length]
            window.at += length
    if window.failure:
        raise window.failure


def _to_next(window: _Window) -> bool:
    """Pass over what may stand between objects; False at the end."""
    while True:
        between = _BETWEEN.match(window.data, window.at)
        if between:
            window.at = between.end()
            if b"\n" in between.group():
                window.indent = between.group().rpartition(b"\n")[2]
        if window.at < len(window.data):
            return True
        if not window.more():
            return False


def _measure(window: _Window) -> tuple[int, str]:
    """Measure the object we stand at, or say why it is none."""
    depth = length = 0
    while True:
        for token in _TOKEN.finditer(window.data, window.at + length):
            mark = token.group()
            if mark == b'"':
                if window.data.find(b"\n", token.start()) >= 0:
                    return 0, f"a string is not closed at byte {token.start() - window.at} of the record"
                break
            length = token.end() - window.at
            depth += (mark == b"{") - (mark == b"}")
            if not depth:
                return (length, "") if length <= LIMIT else (0, _TOO_LONG)
        if len(window.data) - window.at > LIMIT:
            return 0, _TOO_LONG
        if not window.more():
            return 0, "the record ends early"


def _junk(window: _Window) -> Reject:
    """Reject what is no object, up to the next line or brace."""
    offset, kept = window.offset(), b""
    while True:
        junk = _JUNK.match(window.data, window.at)
        piece = junk.group() if junk else b""
        kept = (kept + piece)[:KEPT]
        window.at += len(piece)
        if piece.endswith(b"\n") or window.at < len(window.data) or not window.more():
            return Reject(offset, kept.rstrip(), "not a JSON object")


def _broken(window: _Window, reason: str) -> Reject:
    """Reject a broken object up to the next line that begins one as far to the left."""
    offset, kept, mark = window.offset(), b"", b"\n" + window.indent + b"{"
    while (end := window.data.find(mark, window.at)) < 0:
        end = max(window.at, len(window.data) - len(mark))
        kept = (kept + window.data[window.at : end])[:KEPT]
        window.at = end
        if not window.more():
            end = len(window.data)
            break
    kept = (kept + window.data[window.at : end])[:KEPT]
    window.at = end
    return Reject(offset, kept.rstrip(), reason)
