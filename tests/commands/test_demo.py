"""`tocsin demo` with wrong options does nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from tocsin.commands.demo import command


def test_a_time_that_is_none_is_told_before_anything_is_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOCSIN_HOME", str(tmp_path / "home"))
    result = CliRunner().invoke(command, ["--anchor", "yesterday", "--no-serve"])
    assert (result.exit_code, "'yesterday' is no time" in result.stderr) == (2, True)
    assert not (tmp_path / "home").exists()
