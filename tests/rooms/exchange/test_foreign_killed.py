"""Killed at any moment while it mirrors, the house opens no ticket twice, says nothing twice and leaves nothing out."""

from __future__ import annotations

import random
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from contextlib import closing
from functools import partial
from pathlib import Path

from tests.platform.processes import environment, eventually
from tests.tracker import QUEUE, Tracker

INCIDENTS, KILLS = 3, 4
SAID = re.compile(r"(?:Told|Word) [0-9]")

# An organisation with a desk, and incidents of which it was told; runs in the installation.
WRITE = """
from tocsin.platform.start import migrate
migrate()
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.constituency.models import Contact, Mandate, Membership, Organisation, Team
from tocsin.rooms.exchange import actions as exchange
from tocsin.rooms.incidents import actions

place = Organisation.objects.create(code="DEPA", name="DEPA", kind="department", path="/1/", place="DEPA")
team = Team.objects.create(code="CSIRC", name="CSIRC", organisation=place)
Mandate.objects.create(team=team, organisation=place, subtree=True)
person = Person.objects.create(username="responder", full_name="Responder")
Membership.objects.create(person=person, role="responder", team=team)
Membership.objects.create(person=person, role="administrator", organisation=place)
Contact.objects.create(organisation=place, role="officer", name="O", email="o@a.example")
exchange.set_up_desk(actor=person, organisation=place, base_url="{url}", queue="{queue}", token="{token}")
for n in range({incidents}):
    made = actions.open_incident(actor=person, title=f"Killed {{n}}", organisations=[place])
    actions.inform(actor=person, incident=made, entity=made.entities.get(), subject="s", text=f"Told {{n}}")
"""

SAY = """
from tocsin.platform.start import start; start()
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.incidents import actions
from tocsin.rooms.incidents.models import Incident
for one in Incident.objects.order_by("pk"):
    actions.comment(
        actor=Person.objects.get(), incident=one, text="Word {number}", entity=one.entities.get(), audience="entity"
    )
"""

MIRROR = """
from tocsin.platform.start import start; start()
from django.utils import timezone
from tocsin.rooms.exchange import actions
from tocsin.rooms.exchange.models import ForeignDesk, Ticket
for _round in range({rounds}):
    ForeignDesk.objects.update(next_poll_at=timezone.now())
    Ticket.objects.update(next_attempt_at=timezone.now())
    actions.mirror()
"""


def start(home: Path, code: str) -> subprocess.Popen[bytes]:
    given = {"DJANGO_SETTINGS_MODULE": "tocsin.platform.settings"}
    return subprocess.Popen([sys.executable, "-c", code], env=environment(home, **given))


def run(home: Path, code: str) -> None:
    with start(home, code) as process:
        assert process.wait(300) == 0


def _sending(home: Path) -> bool:
    """Tell whether something was written down that is about to be sent."""
    with closing(sqlite3.connect(home / "tocsin.sqlite3", timeout=60)) as database:
        found = database.execute("SELECT count(*) FROM exchange_passing WHERE state = 'sending'").fetchone()
    return bool(found[0])


def written(tracker: Tracker) -> Counter[str]:
    """Count what stands in the tickets, by the line that says it."""
    found: Counter[str] = Counter()
    for number in tracker.tickets():
        if "Killed" in str(tracker.ask(f"ticket/{number}")["Subject"]):
            lines = [line for text in tracker.texts(number) for line in text.splitlines()]
            found.update(f"{number}: {line}" for line in lines if SAID.fullmatch(line))
    return found


def test_killed_while_it_mirrors(tmp_path: Path, tracker: Tracker) -> None:
    moments, before = random.Random(7), set(tracker.tickets())
    run(
        tmp_path,
        WRITE.format(url=tracker.url, queue=QUEUE, token=tracker.tokens["tocsin"], incidents=INCIDENTS),
    )
    for number in range(KILLS):
        run(tmp_path, SAY.format(number=number))
        with start(tmp_path, MIRROR.format(rounds=1000)) as process:
            eventually(partial(_sending, tmp_path), "it sends")
            time.sleep(moments.random())
            process.send_signal(signal.SIGKILL)
        assert process.returncode == -signal.SIGKILL
    run(tmp_path, MIRROR.format(rounds=4))
    opened = set(tracker.tickets()) - before
    assert len(opened) == INCIDENTS
    found = written(tracker)
    assert set(found.values()) == {1}, found
    assert len(found) == INCIDENTS * (KILLS + 1)
