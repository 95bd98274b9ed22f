"""`tocsin exercise write` from the outside."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest
from click.testing import CliRunner, Result

from tocsin.commands.exercise import command
from tocsin.exercise.writing import TRUTH


def _run(*arguments: str) -> Result:
    return CliRunner().invoke(command, ["write", *arguments])


def test_it_writes_the_exercise_for_the_union(tmp_path: Path) -> None:
    result = _run(str(tmp_path), "--anchor", "2026-11-23T12:00:00Z", "--scale", "0.01", "--json")
    assert result.exit_code == 0, result.output
    assert orjson.loads(result.output)["sources"] > 20
    assert orjson.loads((tmp_path / TRUTH).read_bytes())["anchor"] == "2026-11-23T12:00:00Z"


@pytest.mark.parametrize(
    ("option", "value", "said"), [("--anchor", "yesterday", "is no time"), ("--chart", "nowhere.yaml", "nowhere.yaml")]
)
def test_it_says_what_is_wrong(tmp_path: Path, option: str, value: str, said: str) -> None:
    result = _run(str(tmp_path), option, value)
    assert result.exit_code != 0
    assert said in result.output


def test_it_names_a_folder_it_cannot_write_to(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = _run(str(tmp_path / "file" / "below"), "--scale", "0.01")
    assert result.exit_code != 0
    assert "cannot be written to" in result.output
