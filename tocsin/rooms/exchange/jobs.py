"""Background work of the exchange."""

from __future__ import annotations

from datetime import timedelta

from tocsin.platform.jobs import Job
from tocsin.rooms.exchange import actions

JOBS = (
    Job("exchange.work", timedelta(seconds=3), actions.work),
    Job("exchange.mirror", timedelta(seconds=10), actions.mirror),
    Job("exchange.sweep", timedelta(hours=6), actions.sweep),
)
