"""`tocsin demo` with wrong options does nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from tocsin.commands.demo import command


@pytest.mark.parametrize(("given", "told"), [("yesterday", "is no time"), ("0001-01-01", "too far away")])
def test_a_time_that_is_none_is_told_before_anything_is_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: str, told: str
) -> None:
    monkeypatch.setenv("TOCSIN_HOME", str(tmp_path / "home"))
    result = CliRunner().invoke(command, ["--anchor", given, "--no-serve"])
    assert (result.exit_code, told in result.stderr) == (2, True)
    assert not (tmp_path / "home").exists()
