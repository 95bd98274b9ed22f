"""What the room does by itself."""

from __future__ import annotations

from datetime import timedelta

from tocsin.platform.jobs import Job
from tocsin.rooms.notices import actions

JOBS = (
    Job("notices.step", timedelta(seconds=30), actions.step_due),
    Job("notices.fetch", timedelta(seconds=20), actions.fetch),
    Job("notices.contradict", timedelta(hours=1), actions.contradict),
    Job("notices.ask_to_confirm", timedelta(hours=6), actions.ask_to_confirm),
    Job("notices.failed", timedelta(seconds=20), actions.failed_on_the_way),
)
