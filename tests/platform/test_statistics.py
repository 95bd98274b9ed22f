"""A database that knows its tables chooses between their indexes by what is in them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection

from tocsin.platform import statistics
from tocsin.platform.jobs import all_jobs
from tocsin.rooms.accounts.models import Person

pytestmark = pytest.mark.django_db


def test_what_sqlite_knows_of_a_table_is_kept_up_to_date() -> None:
    Person.objects.bulk_create(Person(username=f"p{n}", email=f"p{n}@x.example") for n in range(50))
    done = statistics.refresh()
    if connection.vendor != "sqlite":
        assert done == 0
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT max(CAST(stat AS INTEGER)) FROM sqlite_stat1 WHERE tbl = %s", ["accounts_person"])
        assert cursor.fetchone()[0] == Person.objects.count()
    assert done == 1


def test_it_is_done_a_few_times_a_day() -> None:
    (job,) = [job for job in all_jobs() if job.run is statistics.refresh]
    assert timedelta(hours=1) <= job.every <= timedelta(days=1)
