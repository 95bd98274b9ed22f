"""Killed at any moment and run again, `ingest` loses nothing and doubles nothing."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.commands.killing import House, kill, same, write_logs
from tests.rooms.intake.logs import windows


def test_five_kills_lose_and_double_nothing(tmp_path: Path) -> None:
    files = write_logs(tmp_path / "logs", 45_000)
    calm, troubled = House(tmp_path / "calm"), House(tmp_path / "troubled")
    calm.prepare()
    shutil.copytree(calm.home, troubled.home)
    calm.ingest(*files)
    kill(troubled, lambda: troubled.start(*files), seed=2, kills=4)
    troubled.ingest(*files)
    same(calm, troubled)


DELIVER = """
from tocsin.rooms.intake import actions
from tests.rooms.intake.logs import windows
source = actions.source_named("posted")
for n in range({deliveries}): actions.deliver(source=source, body=windows(n * {size}, {size}))
"""


def test_a_killed_worker_loses_and_doubles_no_delivery(tmp_path: Path) -> None:
    troubled = House(tmp_path / "troubled")
    deliveries, size = 120, 500
    troubled.prepare(DELIVER.format(deliveries=deliveries, size=size))
    kill(troubled, troubled.start_worker, seed=3, kills=2)
    with troubled.start_worker() as process:
        assert process.wait(120) == 0
    rows = troubled.rows("SELECT records, events, status FROM intake_receipt")
    assert rows == [(size, size, "done")] * deliveries
    lines = windows(0, deliveries * size).splitlines()
    assert sorted(raw for _, _, raw in troubled.events()) == sorted(lines)
    assert troubled.rows("SELECT count(*) FROM alerts_hit") == [(deliveries * size // 100,)]
