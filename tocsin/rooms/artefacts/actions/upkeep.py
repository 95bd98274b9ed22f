"""Keep the strongroom tidy."""

from __future__ import annotations

from datetime import timedelta

from tocsin.platform import strongroom
from tocsin.rooms.artefacts import queries

LEFT_ALONE = timedelta(days=1)  # longer than any upload takes


def sweep() -> int:
    """Remove files that no row knows, as an interrupted upload leaves them, and those that were destroyed."""
    return strongroom.sweep(queries.kept, older_than=LEFT_ALONE.total_seconds())
