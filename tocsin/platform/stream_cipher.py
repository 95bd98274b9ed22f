"""Files of any size under authenticated encryption, in chunks: the STREAM construction over AES-256-GCM.

Hoang, Reyhanitabar, Rogaway, Vizár, "Online Authenticated-Encryption and its Nonce-Reuse Misuse-Resistance" (2015).
Each chunk carries its place, and the last one that it is the last; so chunks that were altered, swapped, removed, added
or cut off at the end do not open. A key is for one file only, therefore the nonce need not be random: eleven bytes of
the chunk's place and one byte that is 1 for the last. On the disk: `MAGIC`, then chunks of `CHUNK` bytes, each with its
tag behind it. The last chunk is empty only in an empty file.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import TYPE_CHECKING, BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

MAGIC = b"TOCSIN\0\1"
CHUNK, TAG = 1 << 20, 16


class Damaged(Exception):
    """An encrypted file is not what was written; the message says where."""


class Encryptor:
    """Encrypts what is written to it into a file, holding one chunk at a time."""

    def __init__(self, file: BinaryIO, key: bytes) -> None:
        self._file, self._cipher = file, AESGCM(key)
        self._buffer, self._place = bytearray(), 0
        file.write(MAGIC)

    def write(self, data: bytes) -> None:
        """Add ``data``; a chunk is written once it is known not to be the last."""
        self._buffer += data
        while len(self._buffer) > CHUNK:
            self._put(CHUNK, last=False)

    def finish(self) -> None:
        """Write the last chunk."""
        self._put(len(self._buffer), last=True)

    def _put(self, size: int, *, last: bool) -> None:
        with memoryview(self._buffer) as buffer, buffer[:size] as chunk:
            self._file.write(self._cipher.encrypt(_nonce(self._place, last=last), chunk, MAGIC))
        del self._buffer[:size]
        self._place += 1


class Decryptor(io.RawIOBase):
    """Reads an encrypted file, from the start or anywhere; every byte it gives was authenticated before.

    ``size`` is what the file must hold. Its length and its first chunk are looked at on opening, so that a file that
    was cut off or is not opened by this key gives nothing at all. Raises `Damaged`.
    """

    def __init__(self, file: BinaryIO, key: bytes, size: int) -> None:
        super().__init__()
        self._file, self._cipher, self.size = file, AESGCM(key), size
        self._count = max(1, -(-size // CHUNK))
        self._at, self._held, self._chunk = 0, -1, b""
        length = file.seek(0, io.SEEK_END)
        if length != len(MAGIC) + size + self._count * TAG:
            raise Damaged(f"it holds {length} bytes, not as many as were written")
        file.seek(0)
        if file.read(len(MAGIC)) != MAGIC:
            raise Damaged("it does not begin as it was written")
        self._read_chunk(0)

    def chunks(self) -> Iterator[bytes]:
        """Give the whole content, chunk by chunk."""
        for place in range(self._count):
            yield self._read_chunk(place)

    def readable(self) -> bool:
        """Tell that it can be read."""
        return True

    def seekable(self) -> bool:
        """Tell that it can be read from anywhere."""
        return True

    def tell(self) -> int:
        """Give the place that is read next."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place."""
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self.size}[whence]
        self._at = max(0, start + offset)
        return self._at

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Read up to the end of a chunk."""
        if self._at >= self.size:
            return 0
        place, within = divmod(self._at, CHUNK)
        view = memoryview(buffer).cast("B")
        found = self._read_chunk(place)[within : within + len(view)]
        view[: len(found)] = found
        self._at += len(found)
        return len(found)

    def close(self) -> None:
        """Close the file as well."""
        self._file.close()
        super().close()

    def _read_chunk(self, place: int) -> bytes:
        if place != self._held:
            self._file.seek(len(MAGIC) + place * (CHUNK + TAG))
            sealed = self._file.read(CHUNK + TAG)
            try:
                nonce = _nonce(place, last=place == self._count - 1)
                self._chunk = self._cipher.decrypt(nonce, sealed, MAGIC)
            except (InvalidTag, ValueError) as error:
                raise Damaged(f"it was altered from byte {place * CHUNK} on") from error
            self._held = place
        return self._chunk


def _nonce(place: int, *, last: bool) -> bytes:
    return place.to_bytes(11, "big") + bytes([last])
