"""Kill a sender at random moments while it hands mail to a real relay, and compare with what arrived."""

from __future__ import annotations

import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import psycopg

from tests.platform.processes import environment, eventually
from tests.relay import Relay

# Writes notices to organisations with an officer each; runs in the installation.
WRITE = """
from tocsin.platform.start import migrate
migrate()
from django.utils import timezone
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.constituency.models import Asset, Contact, Mandate, Membership, Organisation, Team
from tocsin.rooms.notices import actions, queries

top = Organisation.objects.create(code="TOP", name="Top", kind="department", path="/1/", place="TOP")
team = Team.objects.create(code="SOC", name="SOC", organisation=top)
Mandate.objects.create(team=team, organisation=top, subtree=True)
analyst = Person.objects.create(username="analyst", full_name="Analyst")
Membership.objects.create(person=analyst, role="analyst", team=team)
for n in range({recipients}):
    code = f"D{{n}}"
    one = Organisation.objects.create(
        code=code, name=code, kind="department", parent=top, path=f"/1/{{n + 2}}/", place=f"TOP {{code}}"
    )
    Asset.objects.create(organisation=one, kind="prefix", value=f"192.0.2.{{n}}/32")
    Contact.objects.create(
        organisation=one, role="officer", name=code, email=f"d{{n}}@crowd.example", confirmed_at=timezone.now()
    )
listed = "\\n".join(f"192.0.2.{{n}}" for n in range({recipients}))
for n in range({notices}):
    about = {{"title": f"Hosts {{n}}", "kind": "indicators", "severity": 2, "tlp": "AMBER"}}
    notice = actions.draft_list(actor=analyst, text=listed, **about)
    actions.send(actor=analyst, notice=notice, seen=queries.plan(notice.editions.get()).digest)
"""

WORK = """
from tocsin.platform.start import start; start()
from tocsin.platform import outbox
while outbox.deliver_due(): pass
"""

LOOK_UP = (
    "from tocsin.platform.start import start; start(); from tocsin.platform import outbox; print(outbox.look_up())"
)


@dataclass(frozen=True, slots=True)
class Sender:
    """An installation of its own that sends by the relay."""

    home: Path
    relay: Relay
    database: str  # its address on PostgreSQL; empty: a file in the home

    def start(self, code: str, **more: str) -> subprocess.Popen[bytes]:
        """Run code in the installation and do not wait for it."""
        given = {"TOCSIN_SMTP_URL": self.relay.smtp, "DJANGO_SETTINGS_MODULE": "tocsin.platform.settings"}
        given["DATABASE_URL"] = self.database
        return subprocess.Popen([sys.executable, "-c", code], env=environment(self.home, **given, **more))

    def run(self, code: str, **more: str) -> None:
        """Run code in the installation to its end."""
        with self.start(code, **more) as process:
            assert process.wait(300) == 0

    def rows(self, query: str) -> list[Any]:
        """Ask the database."""
        if self.database:
            with psycopg.connect(self.database, autocommit=True) as connection:
                found = connection.execute(query)
                return found.fetchall() if found.description else []
        with closing(sqlite3.connect(self.home / "tocsin.sqlite3", timeout=60)) as database, database:
            return database.execute(query).fetchall()

    def ids(self, state: str) -> set[str]:
        """Give the Message-IDs of the messages in a state."""
        return {row[0] for row in self.rows(f"SELECT message_id FROM platform_outboxmessage WHERE state = '{state}'")}

    def death_is_noticed(self) -> None:
        """Let the time pass after which a message in flight is given up."""
        self.rows("UPDATE platform_outboxmessage SET next_attempt_at = '2020-01-01' WHERE state = 'sending'")
        self.run(WORK)


def _sends(sender: Sender, process: subprocess.Popen[bytes], before: int) -> bool:
    return len(sender.ids("sent")) > before or process.poll() is not None


def kill(sender: Sender, kills: int, seed: int) -> None:
    """Kill a sender at work so many times, each time a moment after its first message of that run."""
    moments = random.Random(seed)
    for number in range(kills):
        before = len(sender.ids("sent"))
        with sender.start(WORK) as process:
            eventually(partial(_sends, sender, process, before), "it sends")
            time.sleep(moments.random() * 0.1)
            process.send_signal(signal.SIGKILL)
        assert process.returncode == -signal.SIGKILL, f"all was sent before kill {number}"


def each_once(sender: Sender, expected: int) -> tuple[int, int]:
    """Check that every message arrived once or is uncertain; give how many were, and how many of those arrived."""
    relay = sender.relay
    sender.death_is_noticed()
    relay.settle(300)
    arrived = Counter(str(mail["Message-ID"]) for mail in relay.mails("crowd"))
    sent, uncertain = sender.ids("sent"), sender.ids("uncertain")
    assert len(sent) + len(uncertain) == expected
    assert set(arrived.values()) == {1}
    assert sent <= set(arrived) <= sent | uncertain
    sender.run(LOOK_UP, TOCSIN_MAIL_ARCHIVE=relay.imap("archive"))
    assert sender.ids("sent") == set(arrived)
    assert sender.ids("uncertain") == uncertain - set(arrived)
    return len(uncertain), len(uncertain & set(arrived))
