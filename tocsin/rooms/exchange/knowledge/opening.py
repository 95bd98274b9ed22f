"""Open a file that somebody exported: what it is by its first bytes, and how its text is written."""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

HEAD = 1 << 16
NOT_TEXT = {
    b"PK": "This is a ZIP archive (as .xlsx, .ods and .thar files are too): unpack it, or save the table as CSV.",
    b"\x1f\x8b": "This is a gzip file: unpack it first.",
    b"%PDF": "This is a PDF: export JSON or CSV instead.",
    b"\xd0\xcf\x11\xe0": "This is an old Excel or Word file: save the table as CSV.",
    b"SQLite format 3": "This is a database: export JSON or CSV from it.",
}
BOMS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}


class NotReadable(Exception):
    """The file is no text we can read; the message says what to do instead."""


def check(head: bytes) -> None:
    """Refuse what begins like something else than text."""
    if not head.strip():
        raise NotReadable("The file is empty.")
    for magic, advice in NOT_TEXT.items():
        if head.startswith(magic):
            raise NotReadable(advice)


def encoding_of(path: Path) -> str:
    """Tell how a text file is written: by its mark, by zeros in every other place, UTF-8 if all of it is, else cp1252.

    The whole file is looked at, since the first foreign letter may stand at its end.
    """
    with path.open("rb") as stream:
        head = stream.read(HEAD)
        for mark, name in BOMS.items():
            if head.startswith(mark):
                return name
        if name := _utf16_without_mark(head):
            return name
        stream.seek(0)
        decode = codecs.getincrementaldecoder("utf-8")().decode
        try:
            while chunk := stream.read(1 << 20):
                decode(chunk)
            decode(b"", True)
        except UnicodeDecodeError:
            return "cp1252"
    return "utf-8"


def _utf16_without_mark(head: bytes) -> str:
    even, odd, half = head[0::2].count(0), head[1::2].count(0), max(1, len(head) // 2)
    if odd > 0.6 * half and even < 0.1 * half:
        return "utf-16-le"
    return "utf-16-be" if even > 0.6 * half and odd < 0.1 * half else ""


class _AsUtf8(io.RawIOBase):
    """A text stream given as UTF-8."""

    def __init__(self, text: io.TextIOWrapper) -> None:
        self._text, self._rest = text, b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # RawIOBase leaves its buffers untyped
        if not self._rest:
            self._rest = self._text.read(len(buffer) // 4 or 1).encode("utf-8", "replace")
        given, self._rest = self._rest[: len(buffer)], self._rest[len(buffer) :]
        buffer[: len(given)] = given
        return len(given)


@contextmanager
def json_stream(path: Path) -> Iterator[BinaryIO]:
    """Open a JSON file as UTF-8, also when a Windows shell wrote it as UTF-16."""
    with path.open("rb") as stream:
        head = stream.read(HEAD)
        stream.seek(0)
        name = next((n for mark, n in BOMS.items() if head.startswith(mark)), "") or _utf16_without_mark(head)
        if name.startswith("utf-16"):
            recoded = _AsUtf8(io.TextIOWrapper(stream, encoding=name, errors="replace", newline=""))
            yield cast("BinaryIO", io.BufferedReader(recoded))
        else:
            yield stream
