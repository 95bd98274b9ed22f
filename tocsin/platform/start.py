"""Make this process a Django one, and the database ready for it: what every command that needs rooms does first."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tocsin import config

STRANGERS = 0o007  # the rights of everybody who is neither the owner nor of the group
HOMES = ("keys", "mail", "audit", "cache", "run")


def start() -> None:
    """Make TOCSIN_HOME and set Django up; calling it twice does no harm."""
    home = config.load().home
    os.umask(os.umask(STRANGERS) | STRANGERS)  # the folder may have been made by hand and stand open
    try:
        for name in ("", *HOMES):
            (home / name).mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise config.ConfigError(f"TOCSIN_HOME {home} cannot be used: {error.strerror}; name another folder") from error
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tocsin.platform.settings")
    import django  # heavy, and of no use to the commands of the pipeline
    from django.apps import apps

    if not apps.ready:
        django.setup()


def migrate() -> None:
    """Set Django up and bring the database to this version; the second of two at once waits for the first."""
    start()
    from django.db import DatabaseError

    try:
        _migrate()
    except DatabaseError as error:
        where = "DATABASE_URL" if config.load().database_url else f"TOCSIN_HOME {config.load().home}"
        raise config.ConfigError(f"the database cannot be used: {error}; check {where}") from error


def _migrate() -> None:
    from django.core.management import call_command
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    def complete() -> bool:
        executor = MigrationExecutor(connection)
        return not executor.migration_plan(executor.loader.graph.leaf_nodes())

    if complete():
        return
    with _alone(config.load().home / "run" / "migrate.lock"), _alone_in_database():
        call_command("migrate", verbosity=0, interactive=False)


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextmanager
def _alone_in_database() -> Iterator[None]:
    # Two machines share one PostgreSQL, but not one folder: an advisory lock of the session keeps them apart.
    from django.db import connection

    if connection.vendor != "postgresql":
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [0x746F6373])
        try:
            yield
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [0x746F6373])
