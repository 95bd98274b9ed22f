"""Keep what SQLite knows of its own tables up to date; PostgreSQL does so by itself."""

from __future__ import annotations

from django.db import connection

SAMPLED = 2_000  # rows of an index that are looked at: a second for a house of a million alerts


def refresh() -> int:
    """Let SQLite look at its indexes again, so that it chooses well between them; give 1 where that was done."""
    if connection.vendor != "sqlite":
        return 0
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA analysis_limit={SAMPLED}")
        cursor.execute("ANALYZE")
    return 1
