"""Who is affected and who would be told: shown to those who serve the organisations, and to nobody else."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from django.test import Client

from tests.rooms.notices.conftest import see
from tocsin.cli import main
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.constituency.models import Asset, Contact, Membership, Organisation

ClientOf = Callable[[Person], Client]
CASE = {"kind": "indicators", "severity": "2"}


@pytest.fixture(autouse=True)
def held(chart: Mapping[str, Person], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give both departments a range, and the lake an event that concerns department B."""
    monkeypatch.setenv("TOCSIN_HOME", str(tmp_path))
    for code, value in (("DEPA", "192.0.2.0/25"), ("DEPB", "192.0.2.128/25")):
        Asset.objects.create(organisation=Organisation.objects.get(code=code), kind="prefix", value=value)
    see(tmp_path, "DEPB")


def test_each_organisation_is_shown_with_its_own_facts(analyst: Person, client_of: ClientOf) -> None:
    text = "192[.]0[.]2[.]7\n192.0.2.200\nevil.example\n203.0.113.9\nnot-a-name\n"
    page = client_of(analyst).post("/notices/affected/", {**CASE, "values": text})
    rows = {row.place.code: [fact.value.text for fact in row.facts] for row in page.context["rows"]}
    assert rows == {"DEPA": ["192.0.2.7"], "DEPB": ["192.0.2.200", "evil.example"]}
    assert [value.text for value in page.context["nobody"]] == ["203.0.113.9"]
    assert b"officer_a@tocsin.example" in page.content
    assert b"not-a-name" in page.content


def test_only_those_whom_one_serves_are_shown(
    chart: Mapping[str, Person], outsider: Person, client_of: ClientOf
) -> None:
    assert client_of(outsider).get("/notices/affected/").status_code == 403
    assert client_of(chart["officer_a"]).get("/notices/routing/").status_code == 403
    Membership.objects.create(person=outsider, role="ciso", organisation=Organisation.objects.get(code="DEPA"))
    page = client_of(outsider).post("/notices/affected/", {**CASE, "values": "192.0.2.7 192.0.2.200 evil.example"})
    assert [row.place.code for row in page.context["rows"]] == ["DEPA"]
    assert b"DEPB" not in page.content
    assert b"DEPB" not in client_of(outsider).get("/notices/routing/", {**CASE, "value": "192.0.2.200"}).content


def test_the_simulator_says_who_by_which_route_and_why(analyst: Person, officer_a: Person, client_of: ClientOf) -> None:
    place = Organisation.objects.get(code="DEPA")
    officer_a.memberships.all().delete()
    gone: dict[str, Any] = {"name": "Gone", "email": "gone@a.example", "absent_until": date(2099, 1, 1)}
    Contact.objects.create(organisation=place, role="officer", **gone)
    Contact.objects.create(organisation=place, role="deputy", name="Stand-in", email="deputy@a.example")
    client = client_of(analyst)
    page = client.get("/notices/routing/", {**CASE, "value": "192.0.2.7"}).content.decode()
    assert "deputy@a.example" in page
    assert "everything else" in page
    assert "absent" in page
    assert (
        client_of(analyst).get("/notices/routing/", {**CASE, "value": "depb"}).context["found"][0].place.code == "DEPB"
    )
    assert (
        b"nobody you may see" in client_of(analyst).get("/notices/routing/", {**CASE, "value": "203.0.113.1"}).content
    )


@pytest.mark.parametrize(
    "given", [{"kind": "nonsense"}, {"severity": "9"}, {"values": ""}, {"values": "x" * 1_000_001}]
)
def test_what_makes_no_sense_is_said(analyst: Person, client_of: ClientOf, given: dict[str, str]) -> None:
    page = client_of(analyst).post("/notices/affected/", {**CASE, "values": "192.0.2.7", **given})
    assert page.status_code == 200
    assert "rows" not in page.context
    assert b"errorlist" in page.content


def test_the_command_tells_the_same() -> None:
    result = CliRunner().invoke(main, ["whom", "192.0.2.7", "--json"])
    assert result.exit_code == 0, result.output
    said = json.loads(result.stdout)
    assert (said["organisation"], said["route"]) == ("DEPA", "everything else")
    assert said["told"][0]["desk"]["email"] == "officer_a@tocsin.example"
    plain = CliRunner().invoke(main, ["whom", "192.0.2.7", "203.0.113.1"])
    assert plain.exit_code == 1
    assert "192.0.2.7: DEPA (holds 192.0.2.0/25), route 'everything else'" in plain.stdout
    assert "203.0.113.1: nobody" in plain.stdout
    assert CliRunner().invoke(main, ["whom", "x", "--kind", "nonsense"]).exit_code == 2


@pytest.mark.parametrize("at", ["0001-01-01T00:00", "9999-12-31T23:59"])
def test_a_time_at_the_end_of_the_calendar_is_refused(analyst: Person, client_of: ClientOf, at: str) -> None:
    Organisation.objects.filter(code="DEPA").update(timezone="Pacific/Auckland" if at > "2" else "America/Lima")
    page = client_of(analyst).get("/notices/routing/", {**CASE, "value": "192.0.2.7", "at": at})
    assert page.status_code == 200
    assert "found" not in page.context
