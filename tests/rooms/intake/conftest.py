"""A lake and a journal of their own for each test, and files to take."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tocsin.pipeline.enrich.ownership import Asset, Ownership
from tocsin.rooms.intake import actions
from tocsin.rooms.intake.models import Source


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TOCSIN_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def source(db: None) -> Source:
    return actions.source_named("test")


@pytest.fixture
def ownership() -> Ownership:
    return Ownership([Asset("prefix", "192.0.2.0/24", "DEPA"), Asset("prefix", "198.51.100.0/24", "DEPB")])


@pytest.fixture
def make_old(home: Path) -> Callable[[], None]:
    """Give all files of the lake and the journal a time two hours ago."""

    def old() -> None:
        for path in home.rglob("*"):
            os.utime(path, (time.time() - 7200,) * 2)

    return old
