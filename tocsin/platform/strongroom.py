"""Files that are encrypted at rest, in TOCSIN_HOME/artefacts: taken in as they stream, opened, destroyed.

A file is written under a name that begins with a dot, brought to the disk, and only then given its own name, all before
the row that knows it is committed. The row is the truth: a file without one is swept away, and without the wrapped key
in its row a file is noise.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

from tocsin import config
from tocsin.platform import house_key
from tocsin.platform.identity import new_uuid
from tocsin.platform.stream_cipher import Damaged, Decryptor, Encryptor

HEAD = 4096  # what is kept to tell what a content is
DRAFT = ".incoming-"
AROUND = 2**20  # the rest of a form, at most
SPARE = 2**30  # left free on the disk, for the database
AT_ONCE = 500


class TooLarge(Exception):
    """More would come than may at once; ``limit`` is what may, in bytes."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"more than {limit} bytes")
        self.limit = limit


class NoRoom(Exception):
    """The disk has no room for it."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What came in: its digest (SHA-256, hexadecimal) and size are of the content as it was sent."""

    uuid: UUID
    key: bytes
    size: int
    digest: str
    head: bytes


class Incoming:
    """One file on its way in. Ends by `keep` or by `discard`."""

    def __init__(self) -> None:
        self.uuid = new_uuid()
        key, self._wrapped = house_key.fresh(self.uuid.bytes)
        self._path = _folder() / f"{DRAFT}{self.uuid}"
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._file = os.fdopen(os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
        self._encryptor = Encryptor(self._file, key)
        self._digest, self._size, self._head = hashlib.sha256(), 0, b""

    def write(self, data: bytes) -> None:
        """Take what comes next; raise `NoRoom`."""
        self._size += len(data)
        self._digest.update(data)
        if len(self._head) < HEAD:
            self._head += data[: HEAD - len(self._head)]
        try:
            self._encryptor.write(data)
        except OSError as error:
            raise NoRoom(error.strerror or str(error)) from error

    def keep(self) -> Kept:
        """Bring all of it to the disk under its own name."""
        final = _path(self.uuid)
        try:
            self._encryptor.finish()
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            final.parent.mkdir(exist_ok=True, mode=0o700)
            os.rename(self._path, final)
            for folder in (final.parent, _folder()):
                house_key.sync_folder(folder)
        except OSError as error:
            raise NoRoom(error.strerror or str(error)) from error
        return Kept(self.uuid, self._wrapped, self._size, self._digest.hexdigest(), self._head)

    def discard(self) -> None:
        """Throw away what has come, unless it was kept."""
        with suppress(OSError):
            self._file.close()
        self._path.unlink(missing_ok=True)


def expect(length: int) -> None:
    """Refuse what cannot be kept before anything is read of it: `TooLarge`, `NoRoom`; ``length`` is in bytes."""
    limit = config.load().upload_limit
    if length > limit + AROUND:
        raise TooLarge(limit)
    home = config.load().home
    if shutil.disk_usage(home).free - length < SPARE:
        raise NoRoom(f"{home} has no room for {length} bytes")


def opened(uuid: UUID, wrapped: bytes, size: int) -> Decryptor:
    """Open a file; raise `Damaged` or `house_key.HouseKeyError` before a byte is given."""
    key = house_key.unwrap(wrapped, uuid.bytes)
    try:
        file: BinaryIO = _path(uuid).open("rb")
    except OSError as error:
        raise Damaged(f"it cannot be opened: {error.strerror}") from error
    try:
        return Decryptor(file, key, size)
    except Damaged:
        file.close()
        raise


def remove(uuid: UUID) -> None:
    """Remove a file; one that is gone already is no matter."""
    _path(uuid).unlink(missing_ok=True)


def sweep(wanted: Callable[[Collection[UUID]], Collection[UUID]], *, older_than: float) -> int:
    """Remove what nobody wants and is at least ``older_than`` seconds old; ``wanted`` says which of some uuids stay."""
    before, removed = time.time() - older_than, 0
    for draft in _folder().glob(f"{DRAFT}*"):
        removed += _remove_old(draft, before)
    files = [path for path in _folder().glob("??/*") if path.is_file()]
    for start in range(0, len(files), AT_ONCE):
        some = {UUID(path.name): path for path in files[start : start + AT_ONCE] if _is_uuid(path.name)}
        removed += sum(_remove_old(some[uuid], before) for uuid in _beyond(some, wanted(some.keys())))
    return removed


def _beyond(some: Iterable[UUID], wanted: Collection[UUID]) -> Iterable[UUID]:
    kept = frozenset(wanted)
    return (uuid for uuid in some if uuid not in kept)


def _remove_old(path: Path, before: float) -> int:
    with suppress(FileNotFoundError):
        if path.stat().st_mtime < before:
            path.unlink()
            return 1
    return 0


def _is_uuid(name: str) -> bool:
    with suppress(ValueError):
        return str(UUID(name)) == name
    return False


def _folder() -> Path:
    return config.load().home / house_key.FOLDER


def _path(uuid: UUID) -> Path:
    # The last digits are drawn by lot; the first are the time, and would fill one folder after another.
    return _folder() / str(uuid)[-2:] / str(uuid)
