"""What the room does by itself."""

from __future__ import annotations

from datetime import timedelta

from tocsin.platform.jobs import Job
from tocsin.rooms.notifications import actions

JOBS = (
    Job("notifications.send", timedelta(seconds=15), actions.send_due),
    Job("notifications.forget", timedelta(minutes=5), actions.forget_presence),
    Job("notifications.sweep", timedelta(hours=6), actions.sweep),
)
