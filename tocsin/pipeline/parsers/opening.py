"""Open a file for parsing: plain or gzip, told by its first bytes, never whole in memory."""

from __future__ import annotations

import io
import stat
import zlib
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, cast

from tocsin.pipeline.parsers.errors import (
    ContentError,
    CorruptContent,
    EmptyContent,
    NoPermission,
    NotAFile,
    TruncatedContent,
    Unreadable,
    Vanished,
)

GZIP_MAGIC = b"\x1f\x8b"
BLOCK = 256 * 1024
_GZIP_WINDOW = 31  # zlib's way of saying: a gzip header and the largest window


class Gunzip(io.RawIOBase):
    """Give the content of a gzip stream, of one or several members, block by block.

    Damage is told only after everything before it has been given out.
    """

    def __init__(self, packed: BinaryIO, name: str) -> None:
        self._packed, self._name = packed, name
        self._inflate = zlib.decompressobj(_GZIP_WINDOW)
        self._rest = b""
        self._ready = b""
        self._damage: CorruptContent | None = None

    def readable(self) -> bool:
        return True

    def close(self) -> None:
        self._packed.close()
        super().close()

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]  # what io really passes
        while not self._ready:
            if not self._more(len(buffer)):
                return 0
        count = min(len(buffer), len(self._ready))
        buffer[:count] = self._ready[:count]
        self._ready = self._ready[count:]
        return count

    def _more(self, size: int) -> bool:
        """Inflate a little; False at the proper end."""
        if self._damage:
            raise self._damage
        packed = self._rest or self._packed.read(BLOCK)
        self._rest = b""
        if self._inflate.eof and not self._next_member(packed):
            return bool(packed)
        before = self._inflate.copy()
        try:
            self._ready = self._inflate.decompress(packed, size)
        except zlib.error as error:
            self._damage = CorruptContent(f"{self._name}: the gzip data is damaged ({error}). Copy the file again.")
            self._ready = _salvaged(before, packed)
            return True
        if not packed and not self._ready:
            raise TruncatedContent(f"{self._name}: the gzip data ends early. Copy the file again, whole.")
        self._rest = self._inflate.unused_data if self._inflate.eof else self._inflate.unconsumed_tail
        return True

    def _next_member(self, packed: bytes) -> bool:
        """Make ready for another member; False when only padding or nothing follows."""
        if not packed.strip(b"\0"):
            return False
        if packed[:1] != GZIP_MAGIC[:1]:
            raise CorruptContent(f"{self._name}: other data follows the compressed data; unpack it by hand.")
        self._inflate = zlib.decompressobj(_GZIP_WINDOW)
        return True


def _salvaged(inflate: zlib._Decompress, packed: bytes) -> bytes:
    """Inflate byte by byte as far as the damage: a whole block at once would give nothing of what lies before it."""
    ready = bytearray()
    with suppress(zlib.error):
        for at in range(len(packed)):
            ready += inflate.decompress(packed[at : at + 1])
    return bytes(ready)


class Ahead(io.RawIOBase):
    """Let the first bytes of a stream be looked at before it is read, also where it cannot seek."""

    def __init__(self, stream: BinaryIO, size: int) -> None:
        self._stream = stream
        self.head, self.failure = _first(stream, size)
        self._rest = self.head

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]  # what io really passes
        if not self._rest and self.failure:
            raise self.failure
        piece, self._rest = self._rest[: len(buffer)], self._rest[len(buffer) :]
        if not piece:
            piece = self._stream.read(len(buffer))
        buffer[: len(piece)] = piece
        return len(piece)


def _first(stream: BinaryIO, size: int) -> tuple[bytes, ContentError | None]:
    head = b""
    try:
        while len(head) < size and (block := stream.read(size - len(head))):
            head += block
    except ContentError as error:
        return head, error
    except OSError as error:
        return head, explained(error, str(getattr(stream, "name", "The stream")))
    return head, None


def unpacked(stream: BinaryIO, name: str) -> BinaryIO:
    """Give a seekable stream's content: inflated when it is gzip, else as it is."""
    start = stream.tell()
    magic = stream.read(len(GZIP_MAGIC))
    stream.seek(start)
    return cast(BinaryIO, Gunzip(stream, name)) if magic == GZIP_MAGIC else stream


def unpacked_ahead(stream: BinaryIO, name: str) -> BinaryIO:
    """Give the content of a stream that cannot seek, such as standard input or an upload."""
    ahead = Ahead(stream, len(GZIP_MAGIC))
    whole = cast(BinaryIO, ahead)
    return cast(BinaryIO, Gunzip(whole, name)) if ahead.head == GZIP_MAGIC else whole


def open_content(path: Path) -> BinaryIO:
    """Open a file's content for streaming; the errors say what is wrong with the path and what to do."""
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode) and not stat.S_ISFIFO(status.st_mode):
            raise NotAFile(f"{path} is not a file. Give the files in it one by one.")
        if stat.S_ISREG(status.st_mode) and status.st_size == 0:
            raise EmptyContent(f"{path} is empty; there is nothing to read.")
        stream = path.open("rb", buffering=0)
    except OSError as error:
        raise explained(error, str(path)) from error
    return unpacked(cast(BinaryIO, stream), str(path)) if stat.S_ISREG(status.st_mode) else cast(BinaryIO, stream)


def explained(error: OSError, name: str) -> ContentError:
    """Turn an error of the operating system into one of ours that says what to do."""
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return Vanished(f"{name} does not exist. It may have been moved or rotated away.")
    if isinstance(error, PermissionError):
        return NoPermission(f"{name} may not be read by this user. Check its owner and mode.")
    if isinstance(error, IsADirectoryError):
        return NotAFile(f"{name} is a directory. Give the files in it one by one.")
    return Unreadable(f"{name} could not be read: {error.strerror or error}.")
