"""A chart is checked on loading, with file and line in every error, all at once."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from textwrap import dedent

import pytest

from tocsin.charts import Chart, ChartError, Problem, chart_named, load, names

GOOD = """\
meta: {name: Small, version: "1"}
services:
  - {code: monitoring, name: Monitoring}
organisations:
  - {code: INST, name: Institute, kind: group, timezone: Europe/Oslo, country: NO}
  - code: DEPA
    name: Department A
    kind: department
    parent: INST
    domains: [A.example., {name: old.example, valid_to: 2026-01-01}]
    mail_domains: [mail.a.example]
    hosts: [pc1, srv.a.example]
    prefixes:
      - 192.0.2.0/25
      - {prefix: 192.0.2.128/25, valid_from: 2026-01-01, community: "65000:666"}
  - {code: DEPB, name: Department B, kind: department, parent: INST}
teams:
  - code: SOC
    name: Monitoring
    host: INST
    services: [monitoring]
    mandates: [{organisation: INST, services: [monitoring]}]
people:
  - {username: ada, name: Ada Acorn, email: ada@a.example}
memberships:
  - {person: ada, role: analyst, team: SOC}
contacts:
  - {organisation: DEPA, role: officer, name: Desk, email: desk@a.example}
"""


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "chart.yaml"
    path.write_text(dedent(text), encoding="utf-8")
    return path


def problems(tmp_path: Path, text: str) -> list[Problem]:
    with pytest.raises(ChartError) as caught:
        load(written(tmp_path, text))
    return caught.value.problems


def problem(tmp_path: Path, old: str, new: str) -> Problem:
    """Give the only problem of the good chart after one replacement."""
    assert old in GOOD
    (only,) = problems(tmp_path, GOOD.replace(old, new, 1))
    return only


@pytest.fixture
def good(tmp_path: Path) -> Chart:
    return load(written(tmp_path, GOOD))


def test_it_loads_a_chart(good: Chart) -> None:
    assert [item.code for item in good.organisations] == ["INST", "DEPA", "DEPB"]
    assert good.meta.tlp == "AMBER"
    assert good.parents() == {"DEPA": "INST", "DEPB": "INST"}


def test_scalars_stay_what_was_written(good: Chart) -> None:
    assert (good.organisations[0].country, good.meta.version) == ("NO", "1")


def test_it_gives_what_everybody_holds(good: Chart) -> None:
    year = datetime(2026, 1, 1, tzinfo=UTC)
    assert [(a.kind, a.value, a.valid_from, a.valid_to) for a in good.assets()] == [
        ("prefix", "192.0.2.0/25", None, None),
        ("prefix", "192.0.2.128/25", year, None),
        ("domain", "a.example", None, None),
        ("domain", "old.example", None, year),
        ("mail_domain", "mail.a.example", None, None),
        ("host", "pc1", None, None),
        ("host", "srv.a.example", None, None),
    ]


def test_it_attributes_with_defaults_and_parents(good: Chart) -> None:
    ownership = good.ownership({"proxy": "DEPB"})
    assert ownership.default("proxy") == "DEPB"
    assert ownership.whose("192.0.2.1", datetime.now(UTC))[0].asset.organisation == "DEPA"


def test_a_department_without_officer_is_missing_one(good: Chart) -> None:
    assert [(item.organisation, item.role) for item in good.missing()] == [("DEPB", "officer")]


def test_an_officer_counts_only_in_their_time(tmp_path: Path) -> None:
    ended = "contacts:\n", "  - {person: ada, role: officer, organisation: DEPB, valid_to: 2026-01-01}\ncontacts:\n"
    chart = load(written(tmp_path, GOOD.replace(*ended)))
    assert chart.missing(datetime(2025, 12, 31, tzinfo=UTC)) == []
    assert [item.organisation for item in chart.missing(datetime(2026, 1, 1, tzinfo=UTC))] == ["DEPB"]


def test_an_organisation_can_be_told_to_need_no_officer(tmp_path: Path) -> None:
    text = GOOD.replace("Department B, kind: department", "Department B, kind: department, needs_officer: false")
    assert load(written(tmp_path, text)).missing() == []


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ("code: DEPB", "code: DEPA", 16, "'DEPA' stands twice in organisations, first as entry 2"),
        ("code: DEPB", "code: dep b", 16, "'dep b' is not a well-formed code"),
        ("code: DEPB, ", "", 16, "'code' is missing"),
        ("192.0.2.0/25", "192.0.2.1/25", 14, "'192.0.2.1/25' is no prefix: it has host bits set; write 192.0.2.0/25"),
        ("192.0.2.0/25", "192.0.2/25", 14, "'192.0.2/25' is no prefix: write an IPv4 or IPv6 range"),
        ("Europe/Oslo", "Europe/Olso", 5, "'Europe/Olso' is no time zone; write a name such as Europe/Brussels"),
        ("host: INST", "host: NOWHERE", 20, "there is no organisation 'NOWHERE' in this chart"),
        ("    parent: INST", "    parent: NOWHERE", 9, "there is no organisation 'NOWHERE' in this chart"),
        ("[monitoring]\n", "[monitoring, magic]\n", 21, "there is no service 'magic' in this chart"),
        ("[{organisation: INST,", "[{organisation: NOWHERE,", 22, "there is no organisation 'NOWHERE' in this chart"),
        ("person: ada", "person: eve", 26, "there is no person 'eve' in this chart"),
        ("team: SOC", "team: CSIRC", 26, "there is no team 'CSIRC' in this chart"),
        ("team: SOC", "team: SOC, organisation: INST", 26, "a membership is either at an organisation or in a team"),
        (", team: SOC", "", 26, "a membership is either at an organisation or in a team"),
        ("{organisation: DEPA, role", "{organisation: DEPX, role", 28, "there is no organisation 'DEPX' in this chart"),
        ("valid_from: 2026-01-01", "valid_from: yesterday", 15, "'yesterday' is no time; write 2026-01-31"),
        ("kind: group", "kind: heap", 5, "'heap' is no kind; write 'group', 'union_entity',"),
        ("kind: group", "kind: group, colour: red", 5, "'colour' is not known here"),
        ("kind: group", "kind: ~", 5, "'kind' is empty"),
        ("desk@a.example", "desk", 28, "'desk' is not a well-formed email"),
        ("country: NO", "country: Norway", 5, "'Norway' is not a well-formed country"),
        ("hosts: [pc1,", "hosts: [pc 1,", 12, "'pc 1' is not a well-formed name"),
        ("mail.a.example", "mail", 11, "'mail' is not a well-formed name"),
        ("services:\n  - {", "services:\n  - x\n  - {", 3, "this entry must be made of 'key: value' lines"),
        ("teams:\n", "teems:\n", 17, "'teems' is no section of a chart; the sections are meta,"),
    ],
)  # fmt: skip
def test_each_problem_has_its_line(tmp_path: Path, old: str, new: str, line: int, message: str) -> None:
    found = problems(tmp_path, GOOD.replace(old, new, 1))
    assert any(item.line == line and item.message.startswith(message) for item in found), found


def test_an_unknown_role_is_told_with_the_known_ones(tmp_path: Path) -> None:
    found = problem(tmp_path, "role: analyst", "role: wizard")
    assert found.line == 26
    assert found.message.startswith("'wizard' is no role; the roles are administrator, analyst,")


def test_two_organisations_cannot_hold_the_same_range_at_once(tmp_path: Path) -> None:
    found = problem(tmp_path, "B, kind: department,", "B, kind: department, prefixes: [192.0.2.0/25],")
    assert found == Problem(16, "prefix 192.0.2.0/25 is DEPA's already")


def test_a_range_may_pass_from_one_to_another(tmp_path: Path) -> None:
    before = "B, kind: department, prefixes: [{prefix: 192.0.2.128/25, valid_to: 2026-01-01}],"
    assert load(written(tmp_path, GOOD.replace("B, kind: department,", before)))


def test_overlapping_times_of_one_range_are_found(tmp_path: Path) -> None:
    overlapping = "B, kind: department, prefixes: [{prefix: 192.0.2.128/25, valid_to: 2026-01-02}],"
    found = problem(tmp_path, "B, kind: department,", overlapping)
    assert found == Problem(16, "prefix 192.0.2.128/25 is DEPA's already")


def test_a_time_that_ends_before_it_begins_is_found(tmp_path: Path) -> None:
    found = problem(tmp_path, "valid_to: 2026-01-01", "valid_from: 2026-01-01, valid_to: 2026-01-01")
    assert found == Problem(10, "valid_to must be later than valid_from")


def test_a_circle_of_parents_is_told_once(tmp_path: Path) -> None:
    found = problem(tmp_path, "kind: group", "kind: group, parent: DEPA")
    assert found == Problem(5, "INST is part of itself: INST in DEPA in INST")


def test_a_second_mandate_for_the_same_organisation_is_found(tmp_path: Path) -> None:
    found = problem(tmp_path, "services: [monitoring]}]", "services: [monitoring]}, {organisation: INST}]")
    assert found == Problem(22, "SOC has two mandates for INST")


def test_all_problems_are_told_at_once_and_none_twice(tmp_path: Path) -> None:
    text = GOOD.replace("192.0.2.0/25", "192.0.2.1/25").replace("person: ada", "person: eve").replace("NO}", "Norway}")
    assert [found.line for found in problems(tmp_path, text)] == [5, 14, 26]


def test_a_bad_entry_is_still_known_to_others(tmp_path: Path) -> None:
    """DEPA is malformed here; that the contact refers to it is no second problem."""
    assert problem(tmp_path, "    kind: department\n", "    kind: heap\n").line == 8


def test_the_text_of_the_error_has_file_and_line(tmp_path: Path) -> None:
    path = written(tmp_path, GOOD.replace("Europe/Oslo", "Mars"))
    with pytest.raises(ChartError, match=rf"^{path}:5: 'Mars' is no time zone"):
        load(path)


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("", 1, "a chart starts with its sections"),
        ("- a\n- b\n", 1, "a chart starts with its sections"),
        ("meta: [\n", 2, "not YAML"),
        ("meta: {name: a, version: b}\norganisations: 5\n", 2, "'organisations' must be a list"),
        ("meta: {name: a, version: b}\nmeta: {name: a, version: b}\n", 2, "'meta' stands here twice"),
        ("organisations: []\n", 1, "'meta' is missing"),
        ("meta: x\n", 1, "must be made of 'key: value' lines"),
        ("meta: &m {name: a, version: b}\nteams: [*m]\n", 1, "aliases"),
        ("meta: {name: a\0, version: b}\n", 1, "not YAML"),
    ],
)
def test_a_file_that_is_no_chart_is_refused(tmp_path: Path, text: str, line: int, message: str) -> None:
    found = problems(tmp_path, text)
    assert any(item.line == line and message in item.message for item in found), found


def test_a_file_that_is_not_utf8_is_refused_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "chart.yaml"
    path.write_bytes(b"meta:\n  name: caf\xe9\n")
    with pytest.raises(ChartError, match=r":2: this is not UTF-8"):
        load(path)


@pytest.mark.parametrize("name", ["missing.yaml", ""])
def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ChartError, match="cannot be read"):
        load(tmp_path / name)


def test_charts_are_found_by_name_or_path(tmp_path: Path) -> None:
    assert "eu" in names()
    assert chart_named("eu").is_file()
    assert chart_named("my/chart.yaml") == Path("my/chart.yaml")


def test_a_pipe_is_no_chart(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "chart.yaml")
    with pytest.raises(ChartError, match="it is no file"):
        load(tmp_path / "chart.yaml")
