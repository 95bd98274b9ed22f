"""The journal: what arrived, as it arrived, on the disk before anybody is told so.

A folder of segments, each a salt and then frames: magic, length, digest, payload. The digest is keyed with the
segment's salt, so that no payload can pass for a frame. Writers of several processes take turns under one lock on
the folder; a torn tail that a dead writer left is cut before the next frame is written.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from tocsin.pipeline.lake.errors import EntryTooLarge, JournalError, explained
from tocsin.pipeline.lake.frames import HEADER, SALT, Frame, frame, frames, header, salt_of, valid_end

LARGEST = 64 * 1024 * 1024
SEGMENT = 64 * 1024 * 1024


class Position(NamedTuple):
    """A place in the journal: the next byte to read."""

    segment: int = 0
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry, where it begins and where the next one does."""

    position: Position
    next: Position
    payload: bytes


@dataclass(frozen=True, slots=True)
class Damage:
    """Bytes in the middle of the journal that are no entry any more."""

    position: Position
    next: Position


@dataclass(slots=True)
class _Waiting:
    payload: bytes
    position: Position | None = None
    error: Exception | None = None

    @property
    def settled(self) -> bool:
        return self.position is not None or self.error is not None


class Journal:
    """Keep entries in order; `append` returns once the entry is on the disk."""

    def __init__(self, folder: Path, segment_size: int = SEGMENT) -> None:
        self._folder, self._segment_size = folder, segment_size
        self._queue: list[_Waiting] = []
        self._leading = False  # whether some thread is writing for all
        self._turn = threading.Condition()
        self._end: Position | None = None  # as far as this process has checked the frames

    def append(self, payload: bytes) -> Position:
        """Keep one entry for good. Those who wait for the same turn of the disk share one fsync."""
        if len(payload) > LARGEST:
            raise EntryTooLarge(f"An entry of {len(payload):,} bytes is over {LARGEST:,}. Send it in parts.")
        mine = _Waiting(payload)
        with self._turn:
            self._queue.append(mine)
            while self._leading and not mine.settled:
                self._turn.wait()
            group: list[_Waiting] = []
            if not mine.settled:
                self._leading = True
                group, self._queue = self._queue, group
        if group:
            self._lead(group)
        if mine.position is None:
            raise mine.error or JournalError("The entry was not kept. Send it again.")
        return mine.position

    def read(self, start: Position = Position()) -> Iterator[Entry | Damage]:
        """Give every entry from a place on that is on the disk now; what no longer is one is told, not passed over."""
        segments = self._durable()
        for number, size in segments.items():
            if number < start.segment:
                continue
            # A place beyond the end means that the journal was replaced by an older one: begin this segment again.
            offset = start.offset if number == start.segment and start.offset <= size else 0
            yield from self._entries(number, offset, size, last=number == max(segments))

    def end(self) -> Position:
        """Give where the journal ends now; a torn tail may lie before it."""
        segments = self._segments()
        return Position(segments[-1], self._path(segments[-1]).stat().st_size) if segments else Position()

    def drop_before(self, position: Position, older_than: float) -> int:
        """Remove segments that lie wholly before a place and were not written to since a moment; give how many."""
        dropped = 0
        with self._locked(fcntl.LOCK_EX):
            for number in self._segments()[:-1]:
                path = self._path(number)
                if number < position.segment and path.stat().st_mtime < older_than:
                    path.unlink()
                    dropped += 1
        return dropped

    def _lead(self, group: list[_Waiting]) -> None:
        try:
            self._settle(group)
        finally:
            with self._turn:
                self._leading = False
                self._turn.notify_all()

    def _settle(self, group: list[_Waiting]) -> None:
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            with self._locked(fcntl.LOCK_EX):
                self._write(group)
        except OSError as error:
            told = explained(error, self._folder)
            for waiting in group:
                waiting.position, waiting.error = None, told

    def _write(self, group: list[_Waiting]) -> None:
        end = self._checked_end()
        self._end = None
        with self._path(end.segment).open("r+b", buffering=0) as file:
            salt = salt_of(file)
            try:
                offset = file.seek(end.offset)
                for waiting in group:
                    data = memoryview(frame(waiting.payload, salt))
                    waiting.position = Position(end.segment, offset)
                    offset += len(data)
                    while data:
                        data = data[file.write(data) :]
                os.fsync(file.fileno())
            except OSError:
                with suppress(OSError):
                    file.truncate(end.offset)
                raise
        self._end = Position(end.segment, offset)

    def _checked_end(self) -> Position:
        """Give the end of the last good frame, after cutting what a dead writer left and turning a full page."""
        number = (self._segments() or [0])[-1] or self._begin(1)
        path = self._path(number)
        size = path.stat().st_size
        if self._end != (number, size):
            known = self._end.offset if self._end and self._end.segment == number and self._end.offset <= size else 0
            with path.open("r+b", buffering=0) as file:
                end = valid_end(file, known, size)
                if end < size:
                    file.truncate(end)
                    os.fsync(file.fileno())
            size = end
        return Position(self._begin(number + 1), HEADER) if size >= self._segment_size else Position(number, size)

    def _begin(self, number: int) -> int:
        """Start a segment; it appears with its salt or not at all."""
        fresh = self._folder / f".{number}.{os.getpid()}"
        with fresh.open("wb", buffering=0) as file:
            file.write(header(secrets.token_bytes(SALT)))
            os.fsync(file.fileno())
        fresh.rename(self._path(number))
        sync_folder(self._folder)
        return number

    def _durable(self) -> dict[int, int]:
        """Give the sizes of the segments at a moment when nobody is writing and all of it is on the disk."""
        if not self._folder.exists():
            return {}
        with self._locked(fcntl.LOCK_SH):
            sizes = {number: self._path(number).stat().st_size for number in self._segments()}
            if sizes:
                with self._path(max(sizes)).open("rb") as file:
                    os.fsync(file.fileno())
        return sizes

    def _entries(self, number: int, offset: int, size: int, *, last: bool) -> Iterator[Entry | Damage]:
        with self._path(number).open("rb") as file:
            for found in frames(file, max(offset, HEADER), size):
                here, after = Position(number, found.offset), Position(number, found.end)
                if isinstance(found, Frame):
                    yield Entry(here, after, found.payload)
                elif not (last and found.end == size):  # there it is a torn tail, which was never acknowledged
                    yield Damage(here, after)

    def _segments(self) -> list[int]:
        return sorted(int(path.stem) for path in self._folder.glob("*.journal"))

    def _path(self, number: int) -> Path:
        return self._folder / f"{number:012}.journal"

    @contextmanager
    def _locked(self, how: int) -> Iterator[None]:
        try:
            handle = os.open(self._folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        except PermissionError as error:
            raise JournalError(f"{self._folder} may not be written by this user. Check its owner and mode.") from error
        try:
            fcntl.flock(handle, how)
            yield
        finally:
            os.close(handle)


def sync_folder(folder: Path) -> None:
    """Put a folder's list of names on the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
