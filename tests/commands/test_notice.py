"""`tocsin notice`: the same as on the pages, from the shell."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tocsin.cli import main
from tocsin.platform.models import OutboxMessage
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.constituency.models import Asset, Organisation

CASE = ["--as", "analyst", "--title", "Command server"]


@pytest.fixture(autouse=True)
def held(chart: Mapping[str, Person], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOCSIN_HOME", str(tmp_path))
    Asset.objects.create(organisation=Organisation.objects.get(code="DEPA"), kind="prefix", value="192.0.2.0/25")


def run(*words: str, given: str = "192.0.2.7\n203.0.113.1\nnonsense\n") -> Result:
    return CliRunner().invoke(main, ["notice", *words], input=given)


def test_from_a_list_to_everyone_told() -> None:
    shown = run("preview", *CASE)
    assert shown.exit_code == 0, shown.output
    assert "DEPA: 1 facts -> officer_a@tocsin.example" in shown.output
    assert "line 3 was not understood: nonsense" in shown.output
    assert not OutboxMessage.objects.exists()
    words = shown.output.split("tocsin notice ")[1].split()
    sent = run(*words)
    assert sent.output == "1 organisations told, 1 people; 0 could not be told\n"
    assert OutboxMessage.objects.count() == 1
    again = run(*words)
    assert again.exit_code == 1
    assert "nothing to send" in again.output
    standing = run("status")
    assert "Command server: Of 1 told, 0 have answered; 1 silent." in standing.output
    parts = run("status", words[1], "--json")
    assert json.loads(parts.output)["state"] == "told"


def test_the_preview_for_programs() -> None:
    told = json.loads(run("preview", *CASE, "--json", given="192.0.2.7").output)
    assert (told["organisation"], told["facts"], told["told"]) == ("DEPA", ["192.0.2.7"], ["officer_a@tocsin.example"])


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["preview", *CASE, "--kind", "nonsense"], "the kinds are"),
        (["preview", *CASE, "--tlp", "PINK"], "the markings are"),
        (["preview", "--as", "nobody", "--title", "x"], "there is nobody"),
        (["send", "00000000-0000-0000-0000-000000000000", "--as", "analyst", "--seen", "x"], "there is no notice"),
        (["send", "x", "--as", "analyst", "--seen", "x"], "not a valid UUID"),
    ],
)
def test_what_cannot_be_is_said(words: list[str], said: str) -> None:
    outcome = run(*words)
    assert outcome.exit_code != 0
    assert said in outcome.output


def test_a_list_that_concerns_nobody_writes_nothing() -> None:
    outcome = run("preview", *CASE, given="203.0.113.1")
    assert outcome.exit_code == 1
    assert "nobody to tell" in outcome.output
