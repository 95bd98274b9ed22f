"""Read a file once to know which content it is: its digest, and which earlier contents it goes on from."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Protocol

from tocsin.pipeline.parsers.errors import ContentError, NotAFile, Vanished
from tocsin.pipeline.parsers.format import HEAD
from tocsin.pipeline.parsers.lines import blocks
from tocsin.pipeline.parsers.opening import explained, open_content

LINE_ENDS = b"\r\n"


class Digest(Protocol):
    """A digest under way."""

    def update(self, data: bytes, /) -> None: ...
    def copy(self) -> Digest: ...
    def hexdigest(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Survey:
    """What one pass over a file's decompressed content tells.

    ``prefixes`` gives the digest of the content up to each size that was asked for; a size in ``cut`` lies in the
    middle of a line. ``failure`` says why reading ended early; all figures are those of what could be read.
    """

    path: Path
    digest: str
    size: int
    head: bytes
    changed: datetime
    prefixes: Mapping[int, str]
    cut: frozenset[int]
    identity: tuple[int, int]
    failure: ContentError | None


def survey(path: Path, sizes: Iterable[int] = ()) -> Survey:
    """Read a file through and give what is to be known before any of it is taken."""
    if path.is_fifo():
        raise NotAFile(f"{path} is a pipe, which cannot be read twice. Write it to a file first.")
    with open_content(path) as stream:
        status = path.stat()
        passing = _Passing(sizes)
        failure = None
        try:
            for block in blocks(stream):
                passing.take(block)
        except ContentError as error:
            failure = error
    if failure is not None and not passing.size:
        raise failure
    changed = datetime.fromtimestamp(status.st_mtime, UTC)
    return Survey(
        path=path,
        digest=passing.digest.hexdigest(),
        size=passing.size,
        head=passing.head,
        changed=changed,
        prefixes=passing.prefixes,
        cut=frozenset(passing.cut),
        identity=(status.st_dev, status.st_ino),
        failure=failure,
    )


def open_again(known: Survey) -> BinaryIO:
    """Open the file that was surveyed; refuse another one that has taken its name since."""
    stream = open_content(known.path)
    try:
        status = known.path.stat()
    except OSError as error:
        stream.close()
        raise explained(error, str(known.path)) from error
    if (status.st_dev, status.st_ino) != known.identity:
        stream.close()
        raise Vanished(f"{known.path} was replaced by another file while it was read. Run it again.")
    return stream


class _Passing:
    """What is gathered while the blocks pass by."""

    def __init__(self, sizes: Iterable[int]) -> None:
        self.digest: Digest = hashlib.sha256()
        self.size = 0
        self.head = b""
        self.prefixes: dict[int, str] = {}
        self.cut: set[int] = set()
        self._asked = sorted(set(sizes), reverse=True)
        self._last = b"\n"
        self._waiting: int | None = None  # a size that fell on the end of a block: the next byte tells whether it cuts

    def take(self, block: bytes) -> None:
        if len(self.head) < HEAD:
            self.head += block[: HEAD - len(self.head)]
        if self._waiting is not None:
            self._mark(self._waiting, self._last, block[:1])
            self._waiting = None
        done = 0
        while self._asked and self._asked[-1] <= self.size + len(block):
            size = self._asked.pop()
            at = size - self.size
            self.digest.update(block[done:at])
            self.prefixes[size] = self.digest.copy().hexdigest()
            done = at
            before = block[at - 1 : at] if at else self._last
            if at < len(block):
                self._mark(size, before, block[at : at + 1])
            else:
                self._waiting = size
        self.digest.update(block[done:])
        self.size += len(block)
        self._last = block[-1:]

    def _mark(self, size: int, before: bytes, after: bytes) -> None:
        if before not in LINE_ENDS and after not in LINE_ENDS:
            self.cut.add(size)
