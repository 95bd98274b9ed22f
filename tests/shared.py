"""Real inputs from outside the repository, for the tests that use them."""

from __future__ import annotations

import os
import tempfile
import zipfile
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


def missing(what: str) -> None:
    """Skip, saying why; where everything is required, fail instead."""
    if os.environ.get("TOCSIN_TEST_REQUIRE") == "all":
        pytest.fail(f"{what} is required here and missing")
    pytest.skip(f"{what} is not here")


def shared(path: str) -> Path:
    """Give the path of one shared input, for instance ``data/02_logs/zeek_zat.zip``."""
    base = Path(os.environ.get("TOCSIN_SHARED", ROOT.parent / "shared"))
    found = base / path
    if not found.exists():
        missing(f"shared input {path}")
    return found


@cache
def _unpacked(archive: Path) -> Path:
    target = Path(tempfile.mkdtemp(prefix="tocsin-shared-"))
    with zipfile.ZipFile(archive) as file:
        file.extractall(target)
    return target


def shared_zip(path: str) -> Path:
    """Give a temporary folder with the content of one shared archive, unpacked once a run."""
    return _unpacked(shared(path))
