"""`tocsin rules check` and `list` over files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.pipeline.detect.test_rules import GOOD
from tocsin.commands.rules import command


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOCSIN_HOME", str(tmp_path / "home"))


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    folder = tmp_path / "rules"
    folder.mkdir()
    (folder / "good.yml").write_text(GOOD)
    return folder


def _run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(command, [str(argument) for argument in arguments])


def test_check_is_content_with_good_rules(rules: Path) -> None:
    result = _run("check", rules)
    assert (result.exit_code, result.stdout) == (0, "")
    assert "1 rules run, 0 are refused." in result.stderr


def test_check_prints_file_line_and_reason(rules: Path) -> None:
    (rules / "bad.yml").write_text(GOOD.replace("Image: x", "Image|cidr: x"))
    result = _run("check", rules)
    assert result.exit_code == 1
    assert result.stdout.startswith(
        f"{rules / 'bad.yml'}:7: 6f3e2987-db24-4c78-a860-b4f4095a7095 Good: not valid Sigma"
    )


def test_check_prints_json(rules: Path) -> None:
    (rules / "bad.yml").write_text("a: [")
    refusal = json.loads(_run("check", rules, "--json").stdout)
    assert refusal.keys() == {"path", "line", "rule_id", "title", "reason"}


def test_check_says_when_there_is_nothing_to_check(tmp_path: Path) -> None:
    assert _run("check", tmp_path).exit_code == 1


def test_list_prints_the_rules_that_run(rules: Path) -> None:
    (rules / "bad.yml").write_text("a: [")
    result = _run("list", rules)
    assert result.exit_code == 0
    assert "critical       product windows, category process_creation  Good" in result.stdout
    assert "1 more are refused" in result.stderr
    assert json.loads(_run("list", rules, "--json").stdout)["techniques"] == ["T1059.001", "T1003"]


def test_a_link_to_nowhere_is_a_rule_that_cannot_run(rules: Path, tmp_path: Path) -> None:
    (rules / "gone.yml").symlink_to(tmp_path / "nowhere")
    result = _run("check", rules)
    assert (result.exit_code, f"{rules / 'gone.yml'}: the file cannot be read" in result.stdout) == (1, True)
