"""Let one thing be done by one transaction at a time, over all processes, when no single row stands for it."""

from __future__ import annotations

from django.db import connection


def one_at_a_time(what: str) -> None:
    """Wait until no other transaction holds ``what``, then hold it until this one ends; before any row is held.

    On SQLite a transaction that writes is alone anyway.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            # PostgreSQL manual, 9.28.10: released by itself at the end of the transaction.
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [what])
