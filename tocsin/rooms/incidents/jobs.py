"""What the room does by itself."""

from __future__ import annotations

from datetime import timedelta

from tocsin.platform.jobs import Job
from tocsin.rooms.incidents import actions

JOBS = (
    Job("incidents.levels", timedelta(seconds=30), actions.keep_levels),
    Job("incidents.rise", timedelta(minutes=1), actions.rise_due),
    Job("incidents.remind", timedelta(minutes=10), actions.remind_of_tasks),
    Job("incidents.requests", timedelta(minutes=10), actions.remind_of_requests),
    Job("incidents.read_evidence", timedelta(seconds=15), actions.read_waiting),
)
