"""Background work of intake."""

from __future__ import annotations

from datetime import timedelta

from tocsin.platform.jobs import Job
from tocsin.rooms.intake import actions

JOBS = (
    Job("intake.compact", timedelta(minutes=10), actions.compact),
    Job("intake.sweep", timedelta(hours=1), actions.sweep),
)
