"""The folder of rules that run."""

from __future__ import annotations

from pathlib import Path

from tocsin.rooms.rules import queries


def test_what_another_process_has_just_taken_away_stops_nobody(tmp_path: Path) -> None:
    (tmp_path / ".fresh-gone").symlink_to(tmp_path / "nowhere")
    (tmp_path / "kept").mkdir()
    queries._drop_old(tmp_path / "kept")
    assert (tmp_path / "kept").is_dir()
