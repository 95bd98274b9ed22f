"""`tocsin chart check` and `load`."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.charts.test_loading import GOOD
from tocsin.cli import main


@pytest.fixture
def good(tmp_path: Path) -> Path:
    path = tmp_path / "chart.yaml"
    path.write_text(GOOD)
    return path


def test_check_tells_what_is_in_a_chart_and_warns_of_missing_officers(good: Path) -> None:
    result = CliRunner().invoke(main, ["chart", "check", str(good)])
    assert result.exit_code == 0
    assert "Small, version 1: 3 organisations, 1 teams, 1 people, 7 prefixes and names; 1 without" in result.stdout
    assert result.stderr == f"{good}:16: warning: DEPB must have a security officer and has none\n"


def test_check_tells_every_problem_with_file_and_line(good: Path) -> None:
    good.write_text(GOOD.replace("192.0.2.0/25", "192.0.2.1/25").replace("person: ada", "person: eve"))
    result = CliRunner().invoke(main, ["chart", "check", str(good)])
    assert result.exit_code == 1
    assert [line.split(": ")[0] for line in result.stderr.splitlines()] == [f"{good}:14", f"{good}:26"]


def test_check_takes_the_name_of_a_bundled_chart() -> None:
    result = CliRunner().invoke(main, ["chart", "check", "eu"])
    assert (result.exit_code, "128 organisations" in result.stdout) == (0, True)


def test_check_of_a_file_that_is_not_there_names_the_bundled_charts() -> None:
    result = CliRunner().invoke(main, ["chart", "check", "nowhere"])
    assert result.exit_code == 1
    assert result.stderr.startswith("nowhere:1: cannot be read")
    assert "eu" in result.stderr


@pytest.mark.django_db
def test_load_tells_what_changed(good: Path) -> None:
    first = CliRunner().invoke(main, ["chart", "load", str(good)])
    assert (first.exit_code, first.stdout.splitlines()[0]) == (0, "organisations: 3 created")
    again = CliRunner().invoke(main, ["chart", "load", str(good)])
    assert (again.exit_code, again.stdout) == (0, "nothing to change\n")


@pytest.mark.django_db
def test_load_of_a_broken_chart_fails_with_the_line(good: Path) -> None:
    good.write_text(GOOD.replace("kind: group", "kind: heap"))
    result = CliRunner().invoke(main, ["chart", "load", str(good)])
    assert result.exit_code == 1
    assert f"{good}:5: 'heap' is no kind" in result.stderr
