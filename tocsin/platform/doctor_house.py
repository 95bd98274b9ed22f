"""What the database says of the house: its version, its worker, its audit trail, its mail."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from django.apps import apps
from django.conf import settings as django_settings
from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone
from django.utils.module_loading import import_string

from tocsin.config import Config
from tocsin.platform.audit import head
from tocsin.platform.doctor import Check, Finding, ill, warning, well
from tocsin.platform.models import AuditEntry, AuditHead, Lease, OutboxMessage

SEALED_WITHIN = timedelta(minutes=1)
SIGNED_WITHIN = timedelta(days=2)


def database(settings: Config) -> Iterator[Finding]:
    """Look whether the database opens and is of this version; then at what is in it."""
    path = Path(str(django_settings.DATABASES["default"]["NAME"]))
    if connection.vendor == "sqlite" and not path.exists():
        yield warning("database", f"{path} does not exist yet", "`tocsin demo` or `tocsin up` makes it")
        return
    try:
        yield well("database", f"{_version()}, {_size(path) / 2**20:.0f} MiB")
        executor = MigrationExecutor(connection)
        waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except Error as error:
        yield ill("database", str(error).strip(), "check DATABASE_URL, or who may write TOCSIN_HOME")
        return
    if waiting:
        yield warning("database", f"{len(waiting)} changes of this version are not made yet", "`tocsin up` makes them")
        return
    for look in (worker, audit, outbox, *_rooms()):
        yield from look(settings)


def _rooms() -> Iterator[Check]:
    for room in apps.get_app_configs():
        yield from map(import_string, getattr(room, "checks", ()))


def _version() -> str:
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT 'SQLite ' || sqlite_version()")
        else:
            cursor.execute("SELECT 'PostgreSQL ' || current_setting('server_version')")
        return str(cursor.fetchone()[0])


def _size(path: Path) -> int:
    if connection.vendor == "sqlite":
        return path.stat().st_size
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_database_size(current_database())")
        return int(cursor.fetchone()[0])


def worker(_settings: Config) -> Iterator[Finding]:
    """Look whether background work is done, and what of it fails."""
    running = Lease.objects.filter(until__gt=timezone.now()).values_list("holder", flat=True).distinct()
    if running:
        yield well("worker", f"{len(running)} at work")
    else:
        yield warning("worker", "no worker runs: nothing is sealed, drained or sent", "start `tocsin up`")
    for lease in Lease.objects.exclude(last_error=""):
        yield warning("worker", f"{lease.name}: {lease.last_error}", "the log of `tocsin up` has the whole story")


def audit(_settings: Config) -> Iterator[Finding]:
    """Look whether the trail is sealed and signed in time."""
    old = AuditEntry.objects.filter(sequence=None, created_at__lt=timezone.now() - SEALED_WITHIN).count()
    if old:
        yield warning("audit", f"{old} entries wait to be sealed", "start `tocsin up`")
    newest = AuditHead.objects.order_by("-sequence").first()
    if newest is None:
        yield warning("audit", "no head has been signed yet", "`tocsin up` signs one every hour")
    elif newest.day < (timezone.now() - SIGNED_WITHIN).date() and newest.sequence < head()[0]:
        yield warning("audit", f"the last head is of {newest.day}", "start `tocsin up`")
    else:
        yield well("audit", f"signed up to entry {newest.sequence} on {newest.day}")


def outbox(_settings: Config) -> Iterator[Finding]:
    """Look for mail that a person must decide about."""
    state = OutboxMessage.State
    waiting = OutboxMessage.objects.filter(state__in=(state.QUEUED, state.SENDING)).count()
    uncertain = OutboxMessage.objects.filter(state=state.UNCERTAIN).count()
    failed = OutboxMessage.objects.filter(state=state.FAILED).count()
    if uncertain or failed:
        text = f"{uncertain} messages may or may not have arrived, {failed} did not"
        yield warning("outbox", text, "`tocsin mail list` shows them, and a person decides")
    yield well("outbox", f"{waiting} on their way")


HOUSE: tuple[Check, ...] = (database,)
