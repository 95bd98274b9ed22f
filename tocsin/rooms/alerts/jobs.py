"""Background work of the alert room."""

from __future__ import annotations

from datetime import timedelta

from tocsin.platform.jobs import Job
from tocsin.rooms.alerts.actions import remind
from tocsin.rooms.alerts.actions.ingest import Ingest
from tocsin.rooms.intake import queries as intake


def drain() -> int:
    """Turn what arrived in the journal into events and alerts."""
    return Ingest.ready().journal() if intake.waiting() else 0


JOBS = (
    Job("alerts.drain", timedelta(seconds=2), drain),
    Job("alerts.remind", timedelta(hours=1), remind),
)
