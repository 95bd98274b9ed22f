"""Who may write when: one thing by one transaction at a time, over all processes, and long work that lets others in."""

from __future__ import annotations

import time

from django.db import connection

PATIENCE = 0.12  # seconds: whoever waits for SQLite's writer looks again a tenth of a second later


def one_at_a_time(what: str) -> None:
    """Wait until no other transaction holds ``what``, then hold it until this one ends; before any row is held.

    On SQLite a transaction that writes is alone anyway.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            # PostgreSQL manual, 9.28.10: released by itself at the end of the transaction.
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [what])


def make_way() -> None:
    """Let others write between two batches of long work. SQLite has one writer, and keeps no queue for it."""
    if connection.vendor == "sqlite":
        time.sleep(PATIENCE)
