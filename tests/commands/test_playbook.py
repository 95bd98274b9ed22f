"""`tocsin playbook` checks files, takes them in and gives them out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.rooms.playbooks.files import identifier, linear, written
from tocsin.commands.playbook import command
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.playbooks.models import Playbook


def run(*arguments: str) -> tuple[int, str, bytes]:
    done = CliRunner().invoke(command, list(arguments))
    assert done.exception is None or isinstance(done.exception, SystemExit)
    return done.exit_code, done.output, done.stdout_bytes


@pytest.fixture
def good(tmp_path: Path) -> Path:
    path = tmp_path / "good.json"
    path.write_bytes(written(linear("One")))
    return path


@pytest.fixture
def bad(tmp_path: Path) -> Path:
    made = linear("One")
    made["workflow"][identifier("action_1")]["on_completion"] = identifier("start_1")
    path = tmp_path / "bad.json"
    path.write_bytes(written(made))
    return path


def test_check_says_what_is_wrong_and_where(good: Path, bad: Path) -> None:
    assert run("check", str(good))[0] == 0
    code, output, _raw = run("check", str(good), str(bad))
    assert code == 1
    assert f"{bad}: error: $.workflow" in output
    assert "circle" in output
    rows = [json.loads(line) for line in run("check", "--json", str(bad))[2].decode().splitlines() if line[:1] == "{"]
    assert [row["kind"] for row in rows] == ["error"]


@pytest.mark.django_db
def test_a_file_comes_and_goes(good: Path, bad: Path, tmp_path: Path, responder: Person) -> None:
    code, output, _raw = run("import", str(bad), str(good))
    assert (code, Playbook.objects.count()) == (1, 1)
    assert "A playbook" in output
    assert "(here already)" in run("import", str(good))[1]
    playbook = Playbook.objects.get()
    assert str(playbook.uuid) in run("list")[1]
    target = tmp_path / "out.json"
    assert run("export", str(playbook.uuid), "--as", "responder", "-o", str(target))[0] == 0
    assert target.read_bytes() == good.read_bytes()
    assert run("export", str(playbook.uuid), "--as", "responder")[2] == good.read_bytes()


@pytest.mark.django_db
def test_what_cannot_be_given_out_is_said(good: Path, responder: Person, officer_a: Person) -> None:
    run("import", str(good))
    playbook = str(Playbook.objects.get().uuid)
    for arguments, word in (
        (("export", playbook, "--as", "nobody"), "there is nobody"),
        (("export", playbook, "--as", "responder", "--version", "7"), "no version 7"),
        (("export", playbook, "--as", "officer_a"), "needs the right"),
        (("export", "00000000-0000-0000-0000-000000000000", "--as", "responder"), "there is no playbook"),
    ):
        code, output, _raw = run(*arguments)
        assert code == 1
        assert word in output
