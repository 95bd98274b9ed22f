"""A part of a content, from where the work goes on to where the content ended when it was offered."""

from __future__ import annotations

import io
from typing import BinaryIO

SKIP = 1024 * 1024


class Stretch(io.RawIOBase):
    """Read a stream no further than ``limit`` and know how far it was read."""

    def __init__(self, stream: BinaryIO, start: int = 0, limit: int | None = None) -> None:
        self._stream, self._limit = stream, limit
        self.position = start
        self.name = getattr(stream, "name", "the content")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]  # what io really passes
        wanted = len(buffer) if self._limit is None else min(len(buffer), self._limit - self.position)
        piece = self._stream.read(wanted) if wanted > 0 else b""
        buffer[: len(piece)] = piece
        self.position += len(piece)
        return len(piece)


def forward(stream: BinaryIO, offset: int) -> None:
    """Pass over the first bytes of a content, by seeking where that is possible."""
    if stream.seekable():
        stream.seek(offset)
        return
    while offset > 0 and (piece := stream.read(min(SKIP, offset))):
        offset -= len(piece)
