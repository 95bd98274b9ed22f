"""The files in folders are found; what cannot be looked into is said, never passed over."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from tocsin.pipeline.parsers.folders import EMPTY, LINK, files_in


def shut(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Let nobody look into a folder; for root, too."""
    look = os.scandir

    def scandir(path: Any) -> Any:
        if Path(path) == folder:
            raise PermissionError(13, "Permission denied", str(folder))
        return look(path)

    monkeypatch.setattr(os, "scandir", scandir)


def test_files_come_in_order_with_those_below(tmp_path: Path) -> None:
    for name in ("b.log", "a.log", "sub/c.log"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    found = list(files_in([tmp_path, tmp_path / "gone.log"]))
    assert [str(each.path.relative_to(tmp_path)) for each in found] == ["a.log", "b.log", "sub/c.log", "gone.log"]
    assert not any(each.trouble for each in found)


def test_a_folder_that_does_not_open_is_said_and_the_rest_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.log").write_text("x")
    (tmp_path / "sub").mkdir()
    shut(monkeypatch, tmp_path / "sub")
    assert list(files_in([tmp_path])) == [(tmp_path / "a.log", ""), (tmp_path / "sub", "Permission denied.")]


def test_an_empty_folder_is_said(tmp_path: Path) -> None:
    assert list(files_in([tmp_path])) == [(tmp_path, EMPTY)]


def test_links_to_folders_are_named_but_not_followed(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "again").symlink_to(tmp_path)
    (tmp_path / "sub" / "nowhere").symlink_to(tmp_path / "gone")
    assert [(each.path.name, each.trouble) for each in files_in([tmp_path])] == [("again", LINK), ("nowhere", "")]
