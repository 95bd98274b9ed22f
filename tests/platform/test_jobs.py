"""Jobs run on one worker at a time, and another takes over from one that died."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.utils import timezone

from tocsin.platform import jobs
from tocsin.platform.jobs import Job
from tocsin.platform.leases import Holder
from tocsin.platform.models import Lease


class Counted:
    """Work that counts how often it was done."""

    def __init__(self, error: Exception | None = None) -> None:
        self.runs = 0
        self.error = error
        self.job = Job("test.count", timedelta(seconds=1), self.run)

    def run(self) -> None:
        self.runs += 1
        if self.error:
            raise self.error


def age(seconds: int) -> None:
    Lease.objects.update(until=timezone.now() - timedelta(seconds=seconds))


def test_one_worker_at_a_time_runs_a_job(db: None) -> None:
    work, first, second = Counted(), Holder(), Holder()
    assert jobs.run_once(work.job, first)
    assert not jobs.run_once(work.job, second)
    assert jobs.run_once(work.job, first)
    assert work.runs == 2


def test_a_job_of_a_dead_worker_is_taken_over(db: None) -> None:
    work, dead, heir = Counted(), Holder(), Holder()
    jobs.run_once(work.job, dead)
    age(1)
    assert jobs.run_once(work.job, heir)
    dead.prolong()
    assert not jobs.run_once(work.job, dead)


def test_a_worker_that_stops_hands_over_at_once(db: None) -> None:
    work, first, second = Counted(), Holder(), Holder()
    jobs.run_once(work.job, first)
    first.release()
    assert jobs.run_once(work.job, second)


def test_a_lease_is_prolonged_while_its_job_runs(db: None) -> None:
    work, holder = Counted(), Holder()
    jobs.run_once(work.job, holder)
    Lease.objects.update(until=timezone.now() + timedelta(seconds=5))
    holder.prolong()
    assert Lease.objects.get().until > timezone.now() + timedelta(seconds=50)


def test_an_error_is_kept_and_cleared_and_stops_nothing(db: None) -> None:
    work, holder = Counted(ValueError("no such host")), Holder()
    assert jobs.run_once(work.job, holder)
    assert Lease.objects.get().last_error == "ValueError: no such host"
    work.error = None
    jobs.run_once(work.job, holder)
    assert Lease.objects.get().last_error == ""


def test_a_run_in_between_writes_nothing(db: None, django_assert_num_queries: pytest.FixtureRequest) -> None:
    work, holder = Counted(), Holder()
    jobs.run_once(work.job, holder)
    with django_assert_num_queries(0):  # type: ignore[operator]  # the fixture has no public type
        jobs.run_once(work.job, holder)


def test_every_job_has_its_own_name() -> None:
    names = [job.name for job in jobs.all_jobs()]
    assert len(names) == len(set(names))
    assert {"audit.seal", "outbox.deliver"} <= set(names)


@pytest.mark.django_db(transaction=True)
def test_the_scheduler_runs_jobs_and_one_that_fails_does_not_stop_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    done = threading.Event()
    broken = Job("test.broken", timedelta(seconds=60), Counted(ValueError("broken")).run)
    monkeypatch.setattr(jobs, "run_once", lambda job, _holder: job.run())
    plan = jobs.scheduler([broken, Job("test.good", timedelta(seconds=60), done.set)], Holder())
    plan.start()
    assert done.wait(10)
    plan.shutdown(wait=True)
