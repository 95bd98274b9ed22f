"""What the room does by itself."""

from __future__ import annotations

from datetime import timedelta

from tocsin import config
from tocsin.platform.jobs import Job
from tocsin.rooms.intel import actions


def mark_common() -> None:
    """Mark what all the world has among what was seen lately."""
    actions.mark_common(config.load().home / "cache")


JOBS = (Job("intel.mark_common", timedelta(minutes=1), mark_common),)
