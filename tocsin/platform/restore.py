"""Put a backup back, into a house where nothing can be overwritten."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import tarfile
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO

from tocsin import __version__, config
from tocsin.platform import backup_database as database
from tocsin.platform.backup import DATA, KEYS, LEFT_OUT, MANIFEST, Manifest
from tocsin.platform.backup_database import BackupError


def restore(source: Path) -> Manifest:
    """Put ``source`` back; TOCSIN_HOME stays as it was when that cannot be done."""
    home = config.load().home
    with _unpacked(source, home) as (manifest, folder):
        database.put_back(folder / manifest.database)
        data = folder / DATA
        for entry in sorted(data.iterdir()) if data.exists() else []:
            _move(entry, home / entry.name)
    return manifest


def _check(manifest: Manifest, home: Path) -> None:
    there = [path for path in _files(home) if path.parts[0] != KEYS or manifest.keys]
    if there:
        raise BackupError(f"{home} is not empty ({there[0]}); restore into an empty TOCSIN_HOME")
    if manifest.database != database.name_of_copy():
        raise BackupError(f"the backup holds {manifest.database}; let DATABASE_URL name a database of that kind")
    if not database.is_empty():
        raise BackupError("the database of DATABASE_URL is not empty; make a new one and name it there")
    if newer := database.unknown(manifest.migrations):
        made_by = f"the backup was made by Tocsin {manifest.tocsin}, which knows {newer[0]}"
        raise BackupError(f"{made_by}; this is {__version__}: update first")


def _files(home: Path) -> list[Path]:
    made_again = LEFT_OUT - {KEYS}
    found = (path.relative_to(home) for path in home.rglob("*") if path.is_file() and path.name[0] != ".")
    return sorted(path for path in found if path.parts[0] not in made_again)


def _move(entry: Path, target: Path) -> None:
    if target.is_dir():  # laid out on starting; empty, or left to the backup's own
        shutil.rmtree(target)
    shutil.move(entry, target)


@contextmanager
def _unpacked(source: Path, home: Path) -> Iterator[tuple[Manifest, Path]]:
    folder = Path(tempfile.mkdtemp(prefix="restore-", dir=home / "run"))
    try:
        with gzip.open(source) as file, tarfile.open(fileobj=file, mode="r|") as archive:
            manifest = _manifest(archive)
            _check(manifest, home)
            while member := archive.next():
                _write(archive, member, folder)
            while file.read(1 << 20):  # to the end, where the checksum is
                pass
        yield manifest, folder
    except (tarfile.TarError, gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise BackupError(f"{source} is damaged or cut off: {error}") from error
    except OSError as error:
        raise BackupError(f"{source}: {error.strerror or error}") from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _manifest(archive: tarfile.TarFile) -> Manifest:
    first = archive.next()
    content = archive.extractfile(first) if first is not None and first.name == MANIFEST else None
    if content is None:
        raise BackupError("this is no backup of Tocsin: it does not begin with its manifest")
    try:
        return Manifest(**json.loads(content.read()))
    except (ValueError, TypeError) as error:
        raise BackupError(f"the backup's manifest cannot be read: {error}") from error


def _write(archive: tarfile.TarFile, member: tarfile.TarInfo, folder: Path) -> None:
    name = PurePosixPath(member.name)
    content: IO[bytes] | None = archive.extractfile(member) if member.isreg() else None
    if content is None or name.is_absolute() or ".." in name.parts:
        raise BackupError(f"the backup holds {member.name}, which Tocsin would not put there")
    target = folder / name
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        shutil.copyfileobj(content, file, 1 << 20)
