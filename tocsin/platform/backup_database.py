"""Copy the database while it is in use, and put a copy back: SQLite's backup interface, or pg_dump and pg_restore."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder


class BackupError(Exception):
    """A backup cannot be made or put back; the message says why and what to do."""


def name_of_copy() -> str:
    """Give the name of the copy inside a backup, which tells the kind of database."""
    return "tocsin.sqlite3" if connection.vendor == "sqlite" else "tocsin.pgdump"


def copy_to(target: Path) -> None:
    """Write a consistent copy of the database; nobody has to stop for it."""
    if connection.vendor == "sqlite":
        _copy_sqlite(Path(settings.DATABASES["default"]["NAME"]), target)
    else:
        _run("pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--file={target}")


def _copy_sqlite(source: Path, target: Path) -> None:
    with closing(sqlite3.connect(source)) as live, closing(sqlite3.connect(target)) as copy:
        live.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")


def put_back(copy: Path) -> None:
    """Make a copy the database; it must be empty before."""
    if connection.vendor == "sqlite":
        connection.close()
        target = Path(settings.DATABASES["default"]["NAME"])
        shutil.move(copy, target)
        target.chmod(0o600)
    else:
        connection.close()
        _run("pg_restore", "--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction", str(copy))


def is_empty() -> bool:
    """Tell whether there is nothing in the database that a restore would overwrite."""
    if connection.vendor == "sqlite":
        return not Path(settings.DATABASES["default"]["NAME"]).exists()
    return not connection.introspection.table_names()


def applied() -> list[list[str]]:
    """Give the migrations that made the database what it is."""
    return sorted([app, name] for app, name in MigrationRecorder(connection).applied_migrations())


def unknown(migrations: list[list[str]]) -> list[str]:
    """Give the migrations that this version of Tocsin does not have."""
    known = MigrationLoader(None, ignore_no_migrations=True).disk_migrations or {}
    return [f"{app}.{name}" for app, name in migrations if (app, name) not in known]


def _run(program: str, *arguments: str) -> None:
    database: dict[str, Any] = settings.DATABASES["default"]
    given = {"PGHOST": "HOST", "PGPORT": "PORT", "PGUSER": "USER", "PGPASSWORD": "PASSWORD", "PGDATABASE": "NAME"}
    environment = os.environ | {name: str(database[key]) for name, key in given.items() if database.get(key)}
    if program == "pg_restore":
        arguments = (f"--dbname={database['NAME']}", *arguments)
    try:
        ended = subprocess.run([program, *arguments], env=environment, capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise BackupError(f"{program} is not installed; install PostgreSQL's client programs") from error
    if ended.returncode:
        raise BackupError(f"{program} failed: {ended.stderr.strip() or ended.returncode}")
