"""Keep what took long to compute on disk, under the digest of what it was computed from.

A damaged or foreign entry is as good as none: every entry carries the digest of its content, and the
caller computes again. Entries are data (JSON, Hyperscan's own format), never pickles.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

logger = logging.getLogger(__name__)

MOST = 2_000  # entries; the longest unused go first
_DIGEST = hashlib.sha256().digest_size


@dataclass(frozen=True, slots=True)
class Store:
    """Keep entries in a folder; without one, keep nothing."""

    folder: Path | None

    def get(self, name: str) -> bytes | None:
        """Give an entry that is whole, or None."""
        if self.folder is None:
            return None
        try:
            content = (self.folder / name).read_bytes()
        except OSError:
            return None
        digest, entry = content[:_DIGEST], content[_DIGEST:]
        if hashlib.sha256(entry).digest() == digest:
            _touch(self.folder / name)
            return entry
        logger.warning("%s in the cache is damaged; it is made again", name)
        return None

    def put(self, name: str, entry: bytes) -> None:
        """Keep an entry; when that fails (a full disk) go on without."""
        if self.folder is None:
            return
        try:
            self.folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)  # a home that is made here is private
            self.folder.mkdir(exist_ok=True, mode=0o700)
            handle, fresh = tempfile.mkstemp(dir=self.folder, prefix=".fresh-")
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(hashlib.sha256(entry).digest() + entry)
                Path(fresh).replace(self.folder / name)
            except OSError:
                Path(fresh).unlink(missing_ok=True)
                raise
            self._thin_out(self.folder)
        except OSError as error:
            logger.warning("%s is not kept in the cache: %s", name, error)

    def _thin_out(self, folder: Path) -> None:
        entries = list(folder.iterdir())
        if len(entries) > MOST:
            oldest = sorted(entries, key=lambda entry: entry.stat().st_mtime)
            for entry in oldest[: MOST // 10]:
                entry.unlink(missing_ok=True)


def _touch(path: Path) -> None:
    with contextlib.suppress(OSError):  # a cache that may only be read serves too
        path.touch()


def digest(*parts: bytes) -> str:
    """Give the name of an entry computed from these parts."""
    hasher = hashlib.sha256()
    for part in parts:
        hasher.update(len(part).to_bytes(8, "little") + part)
    return hasher.hexdigest()[:32]
