"""Killed at any moment while pages climb, the worker forgets no step and calls nobody twice."""

from __future__ import annotations

import random
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg

from tests.platform.processes import environment, fresh_database

PAGES, KILLS = 20, 3

PREPARE = f"""
from datetime import time, timedelta
from tocsin.platform.start import migrate
migrate()
from django.utils import timezone
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.constituency.models import Mandate, Membership, Organisation, Team
from tocsin.rooms.rota import actions
from tocsin.rooms.rota.models import Page

top = Organisation.objects.create(code="TOP", name="Top", kind="department", path="/1/", place="TOP")
team = Team.objects.create(code="CSIRC", name="CSIRC", organisation=top)
Mandate.objects.create(team=team, organisation=top, subtree=True)
people = []
for n in range(3):
    person = Person.objects.create(username=f"p{{n}}", email=f"p{{n}}@crowd.example", phone=f"+32 2 295 60 0{{n}}")
    Membership.objects.create(person=person, role="responder", team=team)
    people.append(person)
ciso = Person.objects.create(username="ciso", email="ciso@crowd.example")
Membership.objects.create(person=ciso, role="ciso", organisation=top)
today = timezone.now().date()
for line, person in enumerate(people, start=1):
    actions.save_layer(
        actor=people[0], team=team, name="l", line=line, people=[person], starts_on=today - timedelta(days=7),
        handover_at=time(0),
    )
for n in range({PAGES}):
    actions.page(team=team, reason="r", matter=None, severity=3, actor=people[0])
long_ago = timezone.now() - timedelta(days=1)
Page.objects.update(created_at=long_ago, next_step_at=long_ago)
"""

WORK = """
from datetime import timedelta
from tocsin.platform.start import start; start()
from tocsin.rooms.rota.actions import paging
paging.BREATH = timedelta(0)  # else it takes minutes
while paging.escalate(): pass
"""


def ask(home: Path, database: str, query: str) -> list[Any]:
    if database:
        with psycopg.connect(database) as connection:
            return connection.execute(query).fetchall()
    with closing(sqlite3.connect(home / "tocsin.sqlite3", timeout=60)) as connection:
        return connection.execute(query).fetchall()


def start(home: Path, database: str, code: str) -> subprocess.Popen[bytes]:
    given = {"DATABASE_URL": database, "DJANGO_SETTINGS_MODULE": "tocsin.platform.settings"}
    return subprocess.Popen([sys.executable, "-c", code], env=environment(home, **given))


def test_kills_lose_no_step_and_call_nobody_twice(tmp_path: Path) -> None:
    lot = random.Random(4)
    with fresh_database("paged") as database:
        with start(tmp_path, database, PREPARE) as process:
            assert process.wait(120) == 0
        killed = 0
        for _attempt in range(40):
            with start(tmp_path, database, WORK) as process:
                before = ask(tmp_path, database, "SELECT count(*) FROM rota_call")[0][0]
                while process.poll() is None:  # wait until it is at work, then kill it in the midst of it
                    now = ask(tmp_path, database, "SELECT count(*) FROM rota_call")[0][0]
                    if killed < KILLS and now > before:
                        time.sleep(lot.uniform(0, 0.05))
                        process.send_signal(signal.SIGKILL)
                        process.wait(30)
                        killed += 1
                        break
                    time.sleep(0.002)
            if process.returncode == 0:
                break
        assert killed == KILLS
        states = ask(tmp_path, database, "SELECT state, step, count(*) FROM rota_page GROUP BY state, step")
        assert [tuple(row) for row in states] == [("unanswered", 5, PAGES)]
        calls = ask(
            tmp_path, database,
            "SELECT page_id, step, person_id, means, count(*) FROM rota_call GROUP BY page_id, step, person_id, means",
        )  # fmt: skip
        assert {row[4] for row in calls} == {1}
        assert len(calls) == PAGES * (2 + 1 + 3 + 3 + 2)
        sent = ask(tmp_path, database, "SELECT count(*) FROM platform_outboxmessage")[0][0]
        assert sent == PAGES * 7  # mail and text to two lines and the lead, mail to the CISO
        steps = ask(tmp_path, database, "SELECT count(*) FROM platform_auditentry WHERE verb = 'page.step'")[0][0]
        assert steps == PAGES * 5
