"""Killed at any moment and run again, `ingest` loses nothing and doubles nothing."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.commands.killing import DELIVER, House, each_once, kill, same, write_logs


def test_five_kills_lose_and_double_nothing(tmp_path: Path) -> None:
    files = write_logs(tmp_path / "logs", 45_000)
    calm, troubled = House(tmp_path / "calm"), House(tmp_path / "troubled")
    calm.prepare()
    shutil.copytree(calm.home, troubled.home)
    calm.ingest(*files)
    kill(troubled, lambda: troubled.start(*files), seed=2, kills=4)
    troubled.ingest(*files)
    same(calm, troubled)


def test_a_killed_worker_loses_and_doubles_no_delivery(tmp_path: Path) -> None:
    troubled = House(tmp_path / "troubled")
    deliveries, size = 120, 500
    troubled.prepare(DELIVER.format(deliveries=deliveries, size=size))
    kill(troubled, troubled.start_worker, seed=3, kills=2)
    with troubled.start_worker() as process:
        assert process.wait(120) == 0
    each_once(troubled, deliveries, size)
