"""Read lines of any length in bounded memory, and say where each begins."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import BinaryIO

from tocsin.pipeline.parsers.errors import ContentError
from tocsin.pipeline.parsers.format import HEAD
from tocsin.pipeline.parsers.opening import explained
from tocsin.pipeline.schema.event import Reading, Reject

LIMIT = 1024 * 1024
KEPT = 4 * 1024
BLOCK = 256 * 1024
BOM = b"\xef\xbb\xbf"
WIDE = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}
_NEWLINE = {"": b"\n", "utf-16-le": b"\n\0", "utf-16-be": b"\0\n"}


def as_utf8(head: bytes) -> bytes:
    """Give the first bytes of a content as UTF-8 when a byte order mark says they are UTF-16."""
    if head[:2] in WIDE:
        return head[2:].decode(WIDE[head[:2]], errors="replace").encode()
    return head.removeprefix(BOM)


def first_lines(head: bytes, most: int = 20) -> list[bytes]:
    """Give the first lines of a content for a look; one that a long head cuts off is left out, unless it is alone."""
    shown = head.split(b"\n")
    if len(head) >= HEAD // 2 and len(shown) > 1:
        shown.pop()
    return [line for line in shown[:most] if line.strip()]


def glued(line: bytes, looks_whole: Callable[[str], object]) -> str:
    """Say what is wrong with a line that holds further records behind lone carriage returns; empty when it does not."""
    before, _return, rest = line.partition(b"\r")
    if rest and looks_whole(rest.partition(b"\r")[0].decode(errors="backslashreplace")):
        return f"several records in one line: a lone carriage return at byte {len(before)}; end lines with LF"
    return ""


def blocks(stream: BinaryIO, size: int = BLOCK) -> Iterator[bytes]:
    """Give a stream piece by piece; what the operating system complains about is raised as ours."""
    try:
        while block := stream.read(size):
            yield block
    except OSError as error:
        raise explained(error, str(getattr(stream, "name", "The stream"))) from error


def lines(stream: BinaryIO, reading: Reading) -> Iterator[tuple[int, bytes] | Reject]:
    """Give the offset and bytes of each line that is not blank, without its line end.

    A line over 1 MiB becomes one reject that keeps its first 4 KiB. UTF-16 with a byte order mark is
    turned into UTF-8. When reading fails half-way, what came before is given first.
    """
    failed: list[ContentError] = []
    source = _until_failure(blocks(stream), failed)
    first = next(source, b"")
    offset, tail = _after_mark(first, reading)
    encoding = str(reading.state.get("encoding", ""))
    newline = _NEWLINE[encoding]
    while True:
        pieces = _split(tail, newline)
        tail = pieces.pop()
        for piece in pieces:
            if line := _line(offset, piece, encoding):
                yield line
            offset += len(piece) + len(newline)
        if len(tail) > LIMIT:
            length, rest = _skip(source, tail, newline)
            yield _too_long(offset, tail, length)
            offset, tail = offset + length + len(newline), rest
            continue
        block = next(source, b"")
        if not block:
            break
        tail += block
    if tail and (line := _line(offset, tail, encoding)):
        yield line
    if failed:
        raise failed[0]


def _until_failure(source: Iterator[bytes], failed: list[ContentError]) -> Iterator[bytes]:
    try:
        yield from source
    except ContentError as error:
        failed.append(error)


def _after_mark(first: bytes, reading: Reading) -> tuple[int, bytes]:
    """Take a byte order mark off the very beginning and remember the encoding it stands for."""
    if reading.start:
        return reading.start, first
    if first[:2] in WIDE:
        reading.state["encoding"] = WIDE[first[:2]]
        return 2, first[2:]
    if first.startswith(BOM):
        return len(BOM), first[len(BOM) :]
    return 0, first


def _split(data: bytes, newline: bytes) -> list[bytes]:
    """Cut at newlines; in UTF-16 only at those that begin on a whole unit."""
    pieces = data.split(newline)
    if len(newline) == 1:
        return pieces
    whole: list[bytes] = []
    for piece in pieces:
        if whole and len(whole[-1]) % 2:
            whole[-1] += newline + piece
        else:
            whole.append(piece)
    return whole


def _line(offset: int, piece: bytes, encoding: str) -> tuple[int, bytes] | Reject | None:
    if len(piece) > LIMIT:
        return _too_long(offset, piece, len(piece))
    if encoding:
        try:
            piece = piece.decode(encoding).encode()
        except UnicodeDecodeError as error:
            return Reject(offset, piece, f"not {encoding} at byte {error.start}")
    line = piece.rstrip(b"\r")
    return (offset, line) if line and not line.isspace() else None


def _skip(source: Iterator[bytes], begun: bytes, newline: bytes) -> tuple[int, bytes]:
    """Read on to the end of a line without keeping it; give its length and what follows it."""
    length, last = len(begun), begun[len(begun) & ~1 :] if len(newline) == 2 else b""
    length -= len(last)
    for block in source:
        data = last + block
        pieces = _split(data, newline)
        if len(pieces) > 1:
            return length + len(pieces[0]), data[len(pieces[0]) + len(newline) :]
        last = data[len(data) & ~1 :] if len(newline) == 2 else b""
        length += len(data) - len(last)
    return length + len(last), b""


def _too_long(offset: int, piece: bytes, length: int) -> Reject:
    return Reject(offset, piece[:KEPT], f"line of {length:,} bytes is over {LIMIT:,}; its first {KEPT:,} are kept")
