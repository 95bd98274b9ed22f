"""Entries come back whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tocsin.pipeline.detect import store
from tocsin.pipeline.detect.store import Store, digest


def test_it_gives_back_what_was_put(tmp_path: Path) -> None:
    kept = Store(tmp_path / "new" / "folder")
    kept.put("a", b"content")
    assert kept.get("a") == b"content"
    assert kept.get("b") is None


def test_it_keeps_nothing_without_a_folder() -> None:
    Store(None).put("a", b"content")
    assert Store(None).get("a") is None


def test_it_leaves_no_half_written_entry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    Store(tmp_path).put("a", b"content")
    assert list(tmp_path.iterdir()) == []


def test_the_longest_unused_entries_go_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "MOST", 20)
    kept = Store(tmp_path)
    for number in range(20):
        kept.put(str(number), b"x")
        os.utime(tmp_path / str(number), (number, number))
    kept.get("0")
    kept.put("20", b"x")
    assert kept.get("0") == b"x"
    assert kept.get("1") is None
    assert len(list(tmp_path.iterdir())) == 19


def test_a_digest_keeps_its_parts_apart() -> None:
    assert digest(b"ab", b"c") != digest(b"a", b"bc")
