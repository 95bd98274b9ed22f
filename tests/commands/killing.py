"""Kill the real command at random moments, and compare what it leaves with what an untroubled run leaves."""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from tests.rooms.intake.logs import sshd, windows

SOURCE = "killed"

# Fills the journal, as the web server does; runs in the installation.
DELIVER = """
from tocsin.rooms.intake import actions
from tests.rooms.intake.logs import windows
source = actions.source_named("posted")
for n in range({deliveries}): actions.deliver(source=source, body=windows(n * {size}, {size}))
"""


@dataclass(frozen=True, slots=True)
class House:
    """An installation of its own, driven only through the command."""

    home: Path

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
        return kept | {"TOCSIN_HOME": str(self.home), "DJANGO_SETTINGS_MODULE": "tocsin.platform.settings"}

    def prepare(self, *setup: str) -> None:
        """Make the database and the starter rules."""
        code = (
            "from tocsin.platform.start import migrate; migrate();"
            "from tocsin.rooms.rules.actions import import_starter; import_starter(actor=None);"
        )
        subprocess.run([sys.executable, "-c", "\n".join((code, *setup))], env=self.environment, check=True, timeout=120)

    def start(self, *files: Path) -> subprocess.Popen[bytes]:
        """Start the command and do not wait for it."""
        given = [sys.executable, "-m", "tocsin", "ingest", "--json", "--source", SOURCE, *map(str, files)]
        return subprocess.Popen(
            given, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
        )

    def start_worker(self) -> subprocess.Popen[bytes]:
        """Start what the worker does with the journal, over and over."""
        code = (
            "from tocsin.platform.start import start; start();"
            "from tocsin.rooms.alerts.jobs import drain\nwhile drain(): pass"
        )
        return subprocess.Popen([sys.executable, "-c", code], env=self.environment, start_new_session=True)

    def ingest(self, *files: Path) -> list[dict[str, Any]]:
        """Run the command to its end."""
        with self.start(*files) as process:
            out, err = process.communicate(timeout=300)
        assert process.returncode == 0, err.decode()
        return [json.loads(line) for line in out.splitlines()]

    def rows(self, query: str) -> list[Any]:
        with closing(sqlite3.connect(self.home / "tocsin.sqlite3", timeout=60)) as database:
            return database.execute(query).fetchall()

    def records(self) -> int:
        return int(self.rows("SELECT coalesce(sum(records), 0) FROM intake_receipt")[0][0])

    def events(self) -> list[tuple[str, int, bytes]]:
        """Give every event of the files that are true: name of its receipt's file, number, raw."""
        names = {
            f"{uuid[:8]}-{uuid[8:12]}-{uuid[12:16]}-{uuid[16:20]}-{uuid[20:]}": name
            for uuid, name in self.rows("SELECT uuid, name FROM intake_receipt")
        }
        found = []
        for (path,) in self.rows("SELECT path FROM intake_lakefile"):
            table = pq.read_table(self.home / "lake" / path, columns=["receipt", "record", "raw"], partitioning=None)
            found += [(Path(names[row["receipt"]]).name, row["record"], row["raw"]) for row in table.to_pylist()]
        return sorted(found)

    def facts(self) -> Mapping[str, Any]:
        """Give all that must not depend on how often the work was killed."""
        return {
            "events": self.events(),
            "receipts": sorted(
                self.rows("SELECT records, events, rejected, duplicates, hits, status, offset FROM intake_receipt")
            ),
            "alerts": sorted(
                self.rows("SELECT rule_id, subject, window_start, count, first_seen, last_seen FROM alerts_alert")
            ),
            "hits": len(self.rows("SELECT id FROM alerts_hit")),
        }


def write_logs(folder: Path, events: int) -> Sequence[Path]:
    """Write logs that take several commits and hold hits."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "sshd.log").write_bytes(sshd(0, events))
    (folder / "windows.jsonl").write_bytes(windows(0, events))
    return folder / "sshd.log", folder / "windows.jsonl"


def kill(house: House, start: Callable[[], subprocess.Popen[bytes]], seed: int, kills: int) -> int:
    """Kill a process once at its first commit and then at random moments; give how often work was interrupted."""
    moments = random.Random(seed)
    at_work = 1
    begun = time.monotonic()
    with start() as process:  # how long it takes before the first record, on this machine
        while not house.records() and process.poll() is None:
            time.sleep(0.01)
        ready = time.monotonic() - begun
        process.send_signal(signal.SIGKILL)
    for _ in range(kills):
        before = house.records()
        with start() as process:
            time.sleep(ready * (0.6 + moments.random()))
            process.send_signal(signal.SIGKILL)
        at_work += process.returncode == -signal.SIGKILL and house.records() > before
    return at_work


def same(calm: House, troubled: House) -> None:
    """Compare what two installations hold."""
    expected, found = calm.facts(), troubled.facts()
    for fact in ("receipts", "alerts", "hits"):
        assert found[fact] == expected[fact]
    assert found["hits"] > 0
    assert found["events"] == expected["events"]


def each_once(house: House, deliveries: int, size: int) -> None:
    """Check that each delivery of `DELIVER` was taken, and its lines, events and hits once."""
    rows = house.rows("SELECT records, events, status FROM intake_receipt")
    assert rows == [(size, size, "done")] * deliveries
    lines = windows(0, deliveries * size).splitlines()
    assert sorted(raw for _, _, raw in house.events()) == sorted(lines)
    assert house.rows("SELECT count(*) FROM alerts_hit") == [(deliveries * size // 100,)]
