"""The documents about charts say what the schema says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.shared import ROOT
from tocsin.charts import load
from tocsin.charts.schema import (
    Contact,
    Entry,
    HeldPrefix,
    Mandate,
    Membership,
    Meta,
    Organisation,
    OrganisationKind,
    Person,
    Service,
    Team,
)
from tocsin.cli import main

REFERENCE = (ROOT / "docs/reference/chart.md").read_text()
HOWTO = (ROOT / "docs/howto/write-a-chart.md").read_text()


@pytest.mark.parametrize("shape", [Meta, Service, Organisation, HeldPrefix, Mandate, Team, Person, Membership, Contact])
def test_every_key_has_a_line_in_the_reference(shape: type[Entry]) -> None:
    assert [name for name in shape.model_fields if f"`{name}" not in REFERENCE] == []


def test_every_kind_is_in_the_reference() -> None:
    assert [kind for kind in OrganisationKind if f"`{kind.value}`" not in REFERENCE] == []


@pytest.fixture
def example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    found = re.search(r"```yaml\n(.*?)```", HOWTO, re.DOTALL)
    assert found
    (tmp_path / "somewhere.yaml").write_text(found[1])
    monkeypatch.chdir(tmp_path)
    return "somewhere.yaml"


def test_the_example_is_a_chart(example: str) -> None:
    assert load(Path(example)).meta.name == "University of Somewhere"


@pytest.mark.parametrize("session", re.findall(r"```\n\$ tocsin (.*?)\n(.*?)```", HOWTO, re.DOTALL))
def test_the_answers_are_those_of_the_command(example: str, session: tuple[str, str]) -> None:
    words, answer = session
    assert CliRunner().invoke(main, words.split()).output == answer
