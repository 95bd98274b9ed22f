"""The routes are data, and they are checked."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from tocsin.rooms.notices.knowledge import FILE, Case, RoutesError, kind_name, load, route_for, routes, texts

THURSDAY, SATURDAY = datetime(2026, 11, 26, 11, tzinfo=UTC), datetime(2026, 11, 28, 11, tzinfo=UTC)


def case(kind: str = "indicators", severity: int = 2, at: datetime = THURSDAY, zone: str = "Europe/Brussels") -> Case:
    return Case(kind, severity, frozenset({"AGRI", "EC"}), at, zone)


def name_of(asked: Case) -> str:
    found = route_for(asked)
    assert found is not None
    return found.name


def test_the_first_route_that_fits_decides() -> None:
    assert name_of(case(severity=5)) == "emergencies"
    assert name_of(case(kind="legal")) == "legal notifications"
    assert name_of(case()) == "everything else"


def test_the_hour_is_that_of_the_organisation() -> None:
    assert name_of(case(severity=3)) == "everything else"
    assert name_of(case(severity=3, at=SATURDAY)) == "serious, out of office hours"
    assert name_of(case(severity=3, zone="Pacific/Auckland")) == "serious, out of office hours"
    assert name_of(case(severity=3, zone="Nowhere/Atall")) == "everything else"  # counts as UTC


def test_a_route_may_be_for_some_organisations_and_all_below(tmp_path: Path) -> None:
    first = "  - name: emergencies"
    narrow = f"  - {{name: EC only, organisations: [EC], to: [ciso]}}\n{first}"
    (tmp_path / "routes.yaml").write_text(FILE.read_text().replace(first, narrow))
    known = load(tmp_path / "routes.yaml")
    assert getattr(route_for(case(), known), "name", "") == "EC only"
    elsewhere = Case("indicators", 2, frozenset({"OTHER"}), THURSDAY)
    assert getattr(route_for(elsewhere, known), "name", "") == "everything else"


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("    to: [duty, officer]", "    to: [duty, offcier]", "'offcier' is unknown"),
        ("    kinds: [legal]", "    kinds: [leagl]", "'leagl' is unknown"),
        ("    severity: 4", "    severity: 9", "less than or equal to 5"),
        ("    severity: 4", "    severty: 4", "Extra inputs are not permitted"),
        ("    to: [officer, head]", "    to: []", "at least 1 item"),
        ("office:", "office: {", "expected"),
    ],
)
def test_a_broken_file_is_named_with_its_line(tmp_path: Path, before: str, after: str, message: str) -> None:
    text = FILE.read_text()
    assert before in text
    (tmp_path / "routes.yaml").write_text(text.replace(before, after, 1))
    with pytest.raises(RoutesError, match=message) as raised:
        load(tmp_path / "routes.yaml")
    line = text[: text.index(before)].count("\n") + 1
    named = int(str(raised.value).split(":")[1])
    assert abs(named - line) <= 1


def test_every_kind_has_a_name_in_both_languages() -> None:
    for kind in routes().kinds:
        assert kind_name(kind, "fr") == routes().kinds[kind].fr
        assert kind_name(kind, "de") == kind_name(kind, "en")
        assert set(texts()[kind]) == {"en", "fr"}
