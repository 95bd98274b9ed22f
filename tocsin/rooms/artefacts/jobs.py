"""Background work of the room."""

from __future__ import annotations

from datetime import timedelta

from tocsin.platform.jobs import Job
from tocsin.rooms.artefacts import actions

JOBS = (Job("artefacts.sweep", timedelta(hours=1), actions.sweep),)
