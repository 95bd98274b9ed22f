"""`tocsin whose` names the owner and explains why."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from tocsin.charts import chart_named
from tocsin.cli import main
from tocsin.rooms.constituency.actions import load_chart


def whose(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(main, ["whose", *words])
    return result.exit_code, result.output


def test_it_names_the_owner_and_what_else_fits() -> None:
    status, text = whose("--chart", "eu", "198.18.10.4")
    lines = text.splitlines()
    assert (status, lines[0]) == (0, "198.18.10.4: AGRI")
    assert [line.split()[0] for line in lines[1:]] == ["AGRI", "EC", "SNET"]


def test_it_says_when_a_value_belongs_to_nobody() -> None:
    assert whose("--chart", "eu", "203.0.113.200") == (1, "203.0.113.200: nobody\n")


def test_it_answers_as_of_a_time() -> None:
    status, text = whose("--chart", "eu", "--at", "2019-06-01", "198.18.200.1")
    assert (status, text.splitlines()[0]) == (0, "198.18.200.1: GROW")
    assert "DEFIS" in text
    assert "(2020-01-01 to …)" in text


def test_it_speaks_json() -> None:
    status, text = whose("--chart", "eu", "--json", "someone@comp.commission.example", "evil.example")
    first, second = (json.loads(line) for line in text.splitlines())
    assert (status, first["organisations"], second["organisations"]) == (1, ["COMP"], [])
    assert first["matches"][0]["why"].startswith("longest mail domain")


@pytest.mark.parametrize("words", [["--at", "noon", "x"], []])
def test_it_refuses_what_it_cannot_read(words: list[str]) -> None:
    assert whose("--chart", "eu", *words)[0] == 2


def test_a_broken_chart_is_told() -> None:
    status, text = whose("--chart", "nowhere.yaml", "x")
    assert (status, "cannot be read" in text) == (2, True)


@pytest.mark.django_db
def test_it_answers_from_the_database() -> None:
    load_chart(chart=chart_named("eu"), actor=None)
    status, text = whose("198.18.10.4")
    assert (status, text.splitlines()[0]) == (0, "198.18.10.4: AGRI")
