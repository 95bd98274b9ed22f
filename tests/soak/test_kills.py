"""Fifty kills of `ingest` and of the worker that reads the journal."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.commands.killing import DELIVER, House, each_once, kill, same, write_logs

KILLS = 50


def test_fifty_kills_of_ingest_lose_and_double_nothing(tmp_path: Path) -> None:
    files = write_logs(tmp_path / "logs", 400_000)
    calm, troubled = House(tmp_path / "calm"), House(tmp_path / "troubled")
    calm.prepare()
    shutil.copytree(calm.home, troubled.home)
    calm.ingest(*files)
    at_work = kill(troubled, lambda: troubled.start(*files), seed=50, kills=KILLS)
    troubled.ingest(*files)
    same(calm, troubled)
    print(f"{KILLS} kills, {at_work} of them with records taken in that run; {len(calm.events()):,} events the same")


def test_twenty_kills_of_the_worker_lose_and_double_no_delivery(tmp_path: Path) -> None:
    troubled = House(tmp_path / "troubled")
    deliveries, size = 1000, 500
    troubled.prepare(DELIVER.format(deliveries=deliveries, size=size))
    at_work = kill(troubled, troubled.start_worker, seed=20, kills=20)
    with troubled.start_worker() as process:
        assert process.wait(300) == 0
    each_once(troubled, deliveries, size)
    print(f"20 kills of the worker, {at_work} of them with records taken in that run; {deliveries} deliveries once")
