"""One file that holds everything but what can be made again: database, journal, lake, evidence, mail, audit heads.

The order makes it consistent while everybody works on: first every data file gets a second name, so that nothing
disappears meanwhile; then the database is copied; then what came in between gets its second name too. So the copy
holds every file that its database knows, and perhaps a few that a sweep removes later.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from tocsin import __version__, config
from tocsin.platform import audit_heads
from tocsin.platform import backup_database as database
from tocsin.platform.backup_database import BackupError

MANIFEST = "manifest.json"
DATA = "data"
KEYS = "keys"
LEFT_OUT = {KEYS, "cache", "run", "static"}  # made again, or secret
SECRET_FILES = {"demo-accounts.json"}
DATABASE_FILES = ("tocsin.sqlite3", "tocsin.sqlite3-wal", "tocsin.sqlite3-shm", "tocsin.sqlite3-journal")


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup says of itself; it is its first member."""

    tocsin: str
    made_at: str
    database: str
    migrations: list[list[str]]
    keys: bool


@dataclass(frozen=True, slots=True)
class Made:
    """A backup that was made."""

    path: Path
    size: int
    files: int
    keys: bool


def make(target: Path, *, keys: bool = False, progress: Callable[[int, int], None] | None = None) -> Made:
    """Write a backup to ``target``, which must not exist; with the keys only when asked."""
    home = config.load().home
    target = target.absolute()
    if os.path.lexists(target):
        raise BackupError(f"{target} exists; a backup overwrites nothing, choose another name")
    if target.is_relative_to(home):
        raise BackupError(f"{target} lies in TOCSIN_HOME; a backup belongs elsewhere, best on another machine")
    partial = target.with_name(f".{target.name}.partial")
    try:
        with _snapshot(home, keys=keys) as snapshot:
            files = _pack(snapshot, partial, keys=keys, progress=progress)
        os.replace(partial, target)
    except OSError as error:
        raise BackupError(f"{target}: {error.strerror or error}") from error
    finally:
        partial.unlink(missing_ok=True)
    return Made(target, target.stat().st_size, files, keys)


@contextmanager
def _snapshot(home: Path, *, keys: bool) -> Iterator[Path]:
    (home / "run").mkdir(parents=True, exist_ok=True, mode=0o700)
    folder = Path(tempfile.mkdtemp(prefix="backup-", dir=home / "run"))
    try:
        with audit_heads.still():
            _link_all(home, folder / DATA, keys=keys)
            database.copy_to(folder / database.name_of_copy())
            _link_all(home, folder / DATA, keys=keys)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _link_all(home: Path, target: Path, *, keys: bool) -> None:
    for path in _data_files(home, keys=keys):
        link = target / path.relative_to(home)
        link.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            if not link.exists():
                os.link(path, link)
        except FileNotFoundError:
            continue  # gone meanwhile: nothing that counts any more
        except OSError:  # no second names on this file system
            shutil.copy2(path, link)


def _data_files(home: Path, *, keys: bool) -> Iterator[Path]:
    left_out = LEFT_OUT - ({KEYS} if keys else set())
    for entry in sorted(home.iterdir()):
        if entry.name in left_out or entry.name in DATABASE_FILES or (entry.name in SECRET_FILES and not keys):
            continue
        found = sorted(entry.rglob("*")) if entry.is_dir() else [entry]
        yield from (path for path in found if path.is_file() and not path.is_symlink() and path.name[0] != ".")


def _pack(snapshot: Path, target: Path, *, keys: bool, progress: Callable[[int, int], None] | None) -> int:
    members = sorted(path for path in snapshot.rglob("*") if path.is_file())
    total, done = sum(path.stat().st_size for path in members), 0
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        with tarfile.open(fileobj=file, mode="w:gz", compresslevel=1) as archive:
            _add_manifest(archive, keys=keys)
            for path in members:
                archive.add(path, arcname=str(path.relative_to(snapshot)), recursive=False)
                done += path.stat().st_size
                if progress is not None:
                    progress(done, total)
        file.flush()
        os.fsync(file.fileno())
    return len(members)


def _add_manifest(archive: tarfile.TarFile, *, keys: bool) -> None:
    made_at = datetime.now(UTC).isoformat(timespec="seconds")
    manifest = Manifest(__version__, made_at, database.name_of_copy(), database.applied(), keys)
    text = json.dumps(asdict(manifest)).encode()
    member = tarfile.TarInfo(MANIFEST)
    member.size = len(text)
    member.mode = 0o600
    archive.addfile(member, io.BytesIO(text))
