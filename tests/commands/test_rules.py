"""`tocsin rules check` and `list` over files."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.pipeline.detect.test_rules import GOOD
from tests.pipeline.parsers.test_folders import shut
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


def test_a_folder_inside_that_does_not_open_is_refused(
    rules: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "all" / "sub").mkdir(parents=True)
    (tmp_path / "all" / "good.yml").write_text(GOOD)
    shut(monkeypatch, tmp_path / "all" / "sub")
    result = CliRunner().invoke(command, ["check", str(tmp_path / "all")])
    assert result.exit_code == 1
    assert "it cannot be looked into: Permission denied." in result.stdout


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"title: a\nid: b\n\0", ":3: "),
        (b"title: a\nid: \xff\n", ":2: not UTF-8"),
    ],
)
def test_a_refusal_names_the_line(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "odd.yml").write_bytes(content)
    result = CliRunner().invoke(command, ["check", str(tmp_path / "odd.yml")])
    assert f"odd.yml{said}" in result.stdout, result.stdout


def test_a_pipe_is_no_rule_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.yml")
    result = _run("check", tmp_path)
    assert result.exit_code == 1
    assert "it is no file that can be read" in result.stdout
