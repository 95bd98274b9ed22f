"""The bytes of the journal: how one entry is framed, and how frames are found again."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

MAGIC = b"TJ\x01\n"
SALT = 16
DIGEST = 16
HEADER = len(MAGIC) + SALT
_LENGTH = struct.Struct(">I")
OVERHEAD = len(MAGIC) + _LENGTH.size + DIGEST


class Frame(NamedTuple):
    """One good frame."""

    offset: int
    end: int
    payload: bytes


class Gap(NamedTuple):
    """Bytes that are no frame, up to the next good one or the end."""

    offset: int
    end: int


def header(salt: bytes) -> bytes:
    """Make the first bytes of a segment."""
    return MAGIC + salt


def salt_of(segment: BinaryIO) -> bytes:
    """Read the salt of a segment."""
    segment.seek(len(MAGIC))
    return segment.read(SALT)


def frame(payload: bytes, salt: bytes) -> bytes:
    """Wrap one entry."""
    length = _LENGTH.pack(len(payload))
    return b"".join((MAGIC, length, _digest(length, payload, salt), payload))


def frames(segment: BinaryIO, start: int, size: int) -> Iterator[Frame | Gap]:
    """Give each frame from ``start`` to ``size``, and the gaps between good ones."""
    salt = salt_of(segment)
    offset = start
    while offset < size:
        payload = _payload(segment, offset, size, salt)
        if payload is None:
            end = _next_good(segment, offset + 1, size, salt)
            yield Gap(offset, end)
            offset = end
        else:
            end = offset + OVERHEAD + len(payload)
            yield Frame(offset, end, payload)
            offset = end


def valid_end(segment: BinaryIO, start: int, size: int) -> int:
    """Give where the last good frame ends; what lies beyond is a torn tail."""
    end = max(start, HEADER)
    for found in frames(segment, end, size):
        if isinstance(found, Frame):
            end = found.end
    return end


def _payload(segment: BinaryIO, offset: int, size: int, salt: bytes) -> bytes | None:
    segment.seek(offset)
    head = segment.read(OVERHEAD)
    if len(head) < OVERHEAD or not head.startswith(MAGIC):
        return None
    length = head[len(MAGIC) : len(MAGIC) + _LENGTH.size]
    count = _LENGTH.unpack(length)[0]
    if offset + OVERHEAD + count > size:
        return None
    payload = segment.read(count)
    good = len(payload) == count and _digest(length, payload, salt) == head[-DIGEST:]
    return payload if good else None


def _next_good(segment: BinaryIO, start: int, size: int, salt: bytes) -> int:
    segment.seek(start)
    rest = segment.read(size - start)
    found = rest.find(MAGIC)
    while found >= 0:
        if _payload(segment, start + found, size, salt) is not None:
            return start + found
        found = rest.find(MAGIC, found + 1)
    return size


def _digest(length: bytes, payload: bytes, salt: bytes) -> bytes:
    digest = hashlib.blake2b(length, digest_size=DIGEST, key=salt)
    digest.update(payload)
    return digest.digest()
