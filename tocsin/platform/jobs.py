"""Background work: every room's `jobs.py` names its `JOBS`; the worker runs each as often as it says.

A run holds the job's lease, so several workers share the jobs and take over from one that died. Jobs are therefore
idempotent: run twice, they do no more than run once.
"""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from django.apps import apps
from django.db import DatabaseError, close_old_connections
from django.utils.module_loading import import_string, module_has_submodule

from tocsin.platform import audit, gate, outbox, statistics
from tocsin.platform.leases import LIFE, Holder
from tocsin.platform.search import indexing

logger = logging.getLogger(__name__)

THREADS = 4


@dataclass(frozen=True, slots=True)
class Job:
    """Work that is due every so often; ``name`` is also the name of its lease."""

    name: str
    every: timedelta
    run: Callable[[], object]


JOBS = (
    Job("audit.seal", timedelta(seconds=2), audit.seal),
    Job("audit.sign_head", timedelta(hours=1), audit.sign_head),
    Job("database.statistics", timedelta(hours=6), statistics.refresh),
    Job("search.index", timedelta(seconds=2), indexing.index),
    Job("outbox.deliver", timedelta(seconds=5), outbox.deliver_due),
    Job("outbox.webhooks", timedelta(seconds=5), partial(outbox.deliver_due, outbox.Channel.WEBHOOK)),
    Job("outbox.sms", timedelta(seconds=5), partial(outbox.deliver_due, outbox.Channel.SMS)),
    Job("outbox.look_up", timedelta(minutes=1), outbox.look_up),
)


def all_jobs() -> tuple[Job, ...]:
    """Give the jobs of the platform and of every room."""
    rooms = (app for app in apps.get_app_configs() if app.name.startswith("tocsin.rooms."))
    found = (import_string(f"{room.name}.jobs.JOBS") for room in rooms if module_has_submodule(room.module, "jobs"))
    return (*JOBS, *(job for jobs in found for job in jobs))


def run_once(job: Job, holder: Holder) -> bool:
    """Run a job if its lease is ours; whatever goes wrong is logged, kept at the lease, and stops nothing else."""
    try:
        if not holder.holds(job.name):
            return False
        job.run()
        holder.note_error(job.name, "")
    except Exception as error:  # the edge of a job
        logger.exception("job %s failed", job.name)
        _note(job, holder, f"{type(error).__name__}: {error}")
    return True


def _note(job: Job, holder: Holder, error: str) -> None:
    try:
        gate.keep_refusals()
        holder.note_error(job.name, error)
    except DatabaseError:
        logger.exception("the failure of job %s could not be kept", job.name)


def _run(job: Job, holder: Holder) -> None:
    close_old_connections()
    run_once(job, holder)


def _beat(holder: Holder) -> None:
    close_old_connections()
    try:
        holder.prolong()
    except DatabaseError:
        logger.exception("the leases could not be prolonged")


def scheduler(jobs: Sequence[Job], holder: Holder) -> BackgroundScheduler:
    """Plan ``jobs``, the first run of each at once. A run that takes long delays only itself."""
    pools = {"default": ThreadPoolExecutor(THREADS), "heart": ThreadPoolExecutor(1)}
    plan = BackgroundScheduler(
        executors=pools, timezone=UTC, job_defaults={"coalesce": True, "misfire_grace_time": None}
    )
    plan.add_job(_beat, "interval", [holder], seconds=LIFE.total_seconds() / 3, executor="heart")
    for job in jobs:
        plan.add_job(
            _run,
            "interval",
            [job, holder],
            seconds=job.every.total_seconds(),
            id=job.name,
            next_run_time=datetime.now(UTC),
        )
    return plan


def worker() -> None:
    """Run all jobs until told to stop."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    logging.getLogger("apscheduler").setLevel(logging.ERROR)
    holder = Holder()
    plan = scheduler(all_jobs(), holder)
    plan.start()
    logger.info("the worker runs %s", ", ".join(job.name for job in all_jobs()))
    stop.wait()
    plan.shutdown(wait=True)
    holder.release()
