"""Fifty people write at once on the SQLite file of a real house, and nobody is told that it is locked."""

from __future__ import annotations

import sqlite3
import sys
from pathlib import Path

from tests.platform.processes import running

# Two processes, as web and worker are, with threads of their own; meanwhile the sealer works.
SCRIPT = """
import sys, threading
from tocsin.platform.start import migrate
migrate()
from django.db import transaction
from tocsin.platform import audit, gate
from tocsin.platform.gate import Action, Item, Recipient
from tocsin.platform.models import AuditEntry

def write(number):
    for turn in range(20):
        with transaction.atomic():
            AuditEntry.objects.filter(sequence=None).count()  # read first, then write: where deferred locks fail
            audit.record(None, "test.write", None, {"writer": number, "turn": turn})
            gate.ask(None, Item("t", None, "t", "CLEAR"), Recipient("a@b.example", "", "public"), Action.MAIL)
        if number == 0:
            audit.seal()

failed = []
threading.excepthook = lambda told: failed.append(told.exc_value)
writers = [threading.Thread(target=write, args=(number,)) for number in range(25)]
for writer in writers: writer.start()
for writer in writers: writer.join()
audit.seal()
print(failed)
sys.exit(len(failed))
"""


def test_fifty_writers_at_once_all_succeed(tmp_path: Path) -> None:
    command = [sys.executable, "-c", SCRIPT]
    (tmp_path / "second").mkdir()
    with running(command, tmp_path) as first:
        with running(command, tmp_path / "second", TOCSIN_HOME=str(tmp_path)) as second:
            assert second.wait(120) == 0, (tmp_path / "second" / "output").read_text()
        assert first.wait(120) == 0, (tmp_path / "output").read_text()
    with sqlite3.connect(tmp_path / "tocsin.sqlite3") as database:
        written = "SELECT count(*), count(sequence), max(sequence) FROM platform_auditentry"
        assert database.execute(written).fetchone() == (1000, 1000, 1000)
        assert database.execute("SELECT count(*) FROM platform_gateentry").fetchone() == (1000,)
