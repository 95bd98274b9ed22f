"""`tocsin rules import`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tocsin.commands.rules import command
from tocsin.rooms.rules.models import Rule

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("home")]


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(command, ["import", *map(str, arguments)])


def test_it_imports_what_runs_and_says_what_does_not(folder: Path) -> None:
    result = run(folder)

    assert result.exit_code == 1
    assert "Set house: 3 added, 0 changed, 0 as they were, 0 removed; 1 cannot run." in result.stdout
    assert f"{folder / 'broken.yml'}:3: broken.yml: YAML error" in result.stderr
    assert Rule.objects.filter(refusal="").count() == 2


def test_it_is_content_when_all_run(folder: Path) -> None:
    (folder / "broken.yml").unlink()

    assert run(folder, "--name", "ours").exit_code == 0
    again = json.loads(run(folder, "--name", "ours", "--json").stdout)
    assert again == {"name": "ours", "added": 0, "changed": 0, "unchanged": 2, "removed": 0, "refused": 0}


def test_it_says_when_there_is_nothing(tmp_path: Path) -> None:
    result = run(tmp_path / "nowhere")

    assert result.exit_code == 1
    assert "holds no rule file" in result.stderr


def test_list_without_a_folder_lists_what_runs_here(folder: Path) -> None:
    run(folder)
    Rule.objects.filter(title="Net").update(enabled=False)

    listed = CliRunner().invoke(command, ["list"])
    line = "{}  high           product windows, category process_creation  Whoami"
    assert listed.stdout.splitlines() == [line.format(Rule.objects.get(title="Whoami").sigma_id)]
    assert "1 more are refused" in listed.stderr
    assert json.loads(CliRunner().invoke(command, ["list", "--json"]).stdout)["set"] == "house"
