"""Fifty kills of `ingest` and of the worker that reads the journal."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.commands.killing import House, kill, same, write_logs

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
