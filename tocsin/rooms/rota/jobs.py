"""What the room does by itself."""

from __future__ import annotations

from datetime import timedelta

from tocsin.platform.jobs import Job
from tocsin.rooms.rota import actions

JOBS = (
    Job("rota.escalate", timedelta(seconds=10), actions.escalate),
    Job("rota.plan", timedelta(hours=6), actions.plan_ahead),
    Job("rota.terms", timedelta(seconds=60), actions.follow_terms),
)
