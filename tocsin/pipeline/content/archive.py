"""What a ZIP archive holds, within limits that are asked before anything is unpacked."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, BinaryIO, cast

from tocsin.pipeline.content.errors import Refused
from tocsin.pipeline.content.kinds import ZIP, media_type

MEMBERS, DEPTH = 2_000, 3
UNPACKED, NESTED = 512 << 20, 16 << 20  # bytes: of all members as they say, and of one archive within another
RATIO, SMALL = 200, 1 << 20  # what unpacks to less than SMALL harms nobody
DIRECTORY = 2 << 20  # bytes; the list of 2,000 members needs a tenth of it
NAME, READ = 500, 64 * 1024
BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    OSError,
    OverflowError,
    ValueError,
    NotImplementedError,
)
_ENCRYPTED = 0x1
_UNPACKABLE = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})


class _Narrow:
    """A stream that gives no more at once than a list of members may need: one of gigabytes is never read."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.seek, self.tell, self.seekable = stream.seek, stream.tell, stream.seekable

    def read(self, size: int = -1) -> bytes:
        found = read(self._stream, size if 0 <= size <= DIRECTORY else DIRECTORY + 1)
        if len(found) > DIRECTORY:
            raise Refused("members")
        return found


@dataclass(slots=True)
class Budget:
    """What is left of the limits, over all archives within one."""

    members: int = MEMBERS
    unpacked: int = UNPACKED

    def take(self, infos: list[zipfile.ZipInfo], length: int) -> None:
        """Count the members of one archive of ``length`` bytes; raise `Refused` when they are beyond a limit."""
        self.members -= len(infos)
        size, packed = sum(info.file_size for info in infos), sum(info.compress_size for info in infos)
        self.unpacked -= size
        if self.members < 0:
            raise Refused("members")
        if self.unpacked < 0:
            raise Refused("unpacked")
        if packed > length:  # members that lie over one another, or lie
            raise Refused("broken")
        if size > SMALL and size > RATIO * max(packed, 1):
            raise Refused("ratio")


@dataclass(frozen=True, slots=True)
class Member:
    """One file in an archive: its name and the start of its content, which is empty where it cannot be read."""

    name: str
    content: bytes


def members(stream: BinaryIO, budget: Budget | None = None, depth: int = 1) -> Iterator[Member]:
    """Give the files of an archive, each followed by those of the archive it is itself.

    ``stream`` must be seekable. Raises `Refused` for what is too many, too large, too well packed, too deep or broken.
    """
    if depth > DEPTH:
        raise Refused("depth")
    budget = budget or Budget()
    try:
        with zipfile.ZipFile(cast("BinaryIO", _Narrow(stream))) as archive:
            infos = archive.infolist()
            budget.take(infos, stream.seek(0, io.SEEK_END))
            for info in infos:
                yield from _member(archive, info, budget, depth)
    except BROKEN as error:
        raise Refused("broken") from error


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, budget: Budget, depth: int) -> Iterator[Member]:
    name = info.filename[:NAME]
    if info.is_dir() or info.flag_bits & _ENCRYPTED or info.compress_type not in _UNPACKABLE:
        yield Member(name, b"")
        return
    with archive.open(info) as file:
        content = read(file, READ)
        yield Member(name, content)
        if media_type(content) != ZIP:
            return
        if info.file_size > NESTED:
            raise Refused("unpacked")
        whole = content + read(file, NESTED)
    for inner in members(io.BytesIO(whole), budget, depth + 1):
        yield Member(f"{name}/{inner.name}"[:NAME], inner.content)


def read(file: IO[bytes], size: int) -> bytes:
    """Read up to ``size`` bytes of a file that gives them in pieces."""
    found = bytearray()
    while len(found) < size and (block := file.read(min(READ, size - len(found)))):
        found += block
    return bytes(found)
