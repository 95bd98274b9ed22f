"""Service levels of a house of its own, for tests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.utils import timezone

from tocsin.rooms.incidents.actions.deadlines import follow
from tocsin.rooms.incidents.knowledge import levels
from tocsin.rooms.incidents.models import Incident

NOW = datetime(2026, 11, 27, 10, 0, tzinfo=UTC)
HEAD = "version: test-1\npolicies:\n"


@contextmanager
def in_force(folder: Path, text: str, patch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let the policies of a file hold before those of the house."""
    path = folder / "levels.yaml"
    path.write_text(HEAD + text)
    patch.setenv("TOCSIN_LEVELS", str(path))
    levels.levels.cache_clear()
    try:
        yield
    finally:
        patch.delenv("TOCSIN_LEVELS")
        levels.levels.cache_clear()


class Clock:
    """The time, as tests set it."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.at = NOW
        patch.setattr(timezone, "now", lambda: self.at)

    def begin(self, incident: Incident) -> Incident:
        """Let an incident have been opened at the present of this clock: tables take the time from no clock of ours."""
        Incident.objects.filter(pk=incident.pk).update(created_at=self.at)
        incident.entities.update(aware_at=self.at)
        incident.deadlines.all().delete()
        follow(incident)
        incident.refresh_from_db()
        return incident
