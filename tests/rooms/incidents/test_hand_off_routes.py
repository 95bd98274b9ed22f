"""The routes of hand-offs as data: what the house has, and how a broken file is refused."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
import yaml
from django.utils import translation

from tocsin.charts.loading import chart_named
from tocsin.charts.loading import load as load_chart
from tocsin.rooms.incidents.knowledge import routes
from tocsin.rooms.incidents.knowledge.routes import FILE, RoutesError

EACH = {route.id: route for route in routes.routes()}


def broken(tmp_path: Path, before: str, after: str) -> str:
    """Put the house's file with one change where it can be loaded; give what is said of it."""
    text = FILE.read_text(encoding="utf-8")
    assert before in text
    path = tmp_path / "handoffs.yaml"
    path.write_text(text.replace(before, after, 1), encoding="utf-8")
    with pytest.raises(RoutesError) as caught:
        routes.load(path)
    assert str(path) in str(caught.value)
    return str(caught.value).removeprefix(f"{path}:")


def line_of(fragment: str) -> int:
    lines = FILE.read_text(encoding="utf-8").splitlines()
    return next(number for number, line in enumerate(lines, start=1) if fragment in line)


def test_every_route_has_names_in_both_languages() -> None:
    for each in EACH.values():
        with translation.override("fr"):
            french = routes.name_of(each.id)
        assert french == each.name.fr != each.name.en == routes.name_of(each.id)


def test_a_route_that_is_gone_is_shown_by_its_number() -> None:
    assert routes.name_of("H99") == "H99"


def test_an_incident_moves_by_the_route_made_for_the_two_teams() -> None:
    assert routes.mover(["monitoring"], ["incident_response"]).id == "H01"
    assert routes.mover(["incident_response"], ["targeted_attacks", "incident_response"]).id == "H16"
    assert routes.mover(["network"], ["incident_response"]).id == "H00"
    assert routes.mover([], []).id == "H00"


def test_a_block_is_asked_for_within_minutes_and_never_moves_the_incident() -> None:
    assert EACH["H13"].answer_within == timedelta(minutes=30)
    assert not EACH["H13"].moves


def test_every_service_a_route_names_is_one_of_the_chart() -> None:
    chart = load_chart(chart_named("eu"))
    offered = {service for team in chart.teams for service in team.services}
    named = {service for each in EACH.values() for side in (each.sender, each.receiver) for service in side.services}
    assert named <= offered


@pytest.mark.parametrize(
    ("before", "after", "at", "said"),
    [
        ("answer_within: 30 min", "answer_within: soon", "answer_within: 30 min", "no length of time"),
        ("answer_within: 30 min", "answer_within: 0 min", "answer_within: 30 min", "no length of time"),
        ("answer_within: 30 min", "answer_within: -1 h", "answer_within: 30 min", "no length of time"),
        ("id: H13", "id: H14", "id: H14", "stands here twice"),
        ("id: H13", "id: thirteen", "id: H13", "pattern"),
        ("object: block_request", "object: block_request\n    colour: red", "object: network_anomaly", "Extra inputs"),
        ("basis: service levels of the network", "basis: ''", "basis: service levels", "at least 1"),
        ("rise: {to: ciso", "rise: {to: nobody", "rise: {to", "'nobody' is unknown"),
        ("to: {services: [network]}", "to: {roles: [wizard]}", "to: {services: [network]}", "'wizard' is unknown"),
        ("to: {services: [network]}", "to: {}", "to: {services: [network]}", "name either"),
    ],
)
def test_a_broken_file_is_refused_with_its_line(tmp_path: Path, before: str, after: str, at: str, said: str) -> None:
    complaint = broken(tmp_path, before, after)
    line, _colon, text = complaint.partition(":")
    assert said in text
    if "colour" not in after:
        assert int(line) == line_of(at)


def test_the_way_for_every_incident_cannot_be_left_out(tmp_path: Path) -> None:
    assert "H00 must move" in broken(tmp_path, "id: H00", "id: H50")


def test_no_incident_moves_to_an_organisation(tmp_path: Path) -> None:
    assert "between teams only" in broken(
        tmp_path, "to: {any_team: true, first: [incident_response]}", "to: {roles: [officer]}"
    )


def test_only_of_every_team_some_come_first(tmp_path: Path) -> None:
    assert "come first" in broken(tmp_path, "to: {services: [network]}", "to: {services: [network], first: [risk]}")


def test_a_teams_first_trade_counts_most() -> None:
    receiver = EACH["H17"].receiver
    assert receiver.place(["incident_response", "coordination"]) < receiver.place(["targeted_attacks", "coordination"])
    assert EACH["H00"].receiver.place(["incident_response"]) < EACH["H00"].receiver.place(["governance"])


def test_what_is_no_yaml_is_refused_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "handoffs.yaml"
    path.write_text("rise: {\nroutes: [", encoding="utf-8")
    with pytest.raises(RoutesError, match=r"handoffs.yaml:\d+: "):
        routes.load(path)
    path.write_text(yaml.safe_dump(["no", "mapping"]), encoding="utf-8")
    with pytest.raises(RoutesError, match=r"handoffs.yaml:\d+: "):
        routes.load(path)
