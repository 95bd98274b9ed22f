"""The charts that come with the house."""

from __future__ import annotations

from datetime import UTC, datetime
from ipaddress import ip_network

import pytest

from tocsin.charts import Chart, chart_named, load, names

NOW = datetime(2026, 11, 1, tzinfo=UTC)
INVENTED = [ip_network(prefix) for prefix in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "198.18.0.0/15")]
INVENTED_6 = ip_network("2001:db8::/32")


@pytest.fixture(scope="module")
def eu() -> Chart:
    return load(chart_named("eu"))


@pytest.mark.parametrize("name", names())
def test_it_loads(name: str) -> None:
    assert load(chart_named(name)).organisations


@pytest.mark.parametrize("name", names())
def test_it_uses_only_addresses_and_names_that_are_nobodys(name: str) -> None:
    chart = load(chart_named(name))
    for asset in chart.assets():
        if asset.kind != "prefix":
            assert asset.value.endswith(".example")
            continue
        net = ip_network(asset.value)
        assert any(net.version == 4 and net.subnet_of(known) for known in INVENTED) or net.subnet_of(INVENTED_6)  # type: ignore[arg-type]  # same version
    assert all(person.email.endswith(".example") for person in chart.people)


@pytest.mark.parametrize("name", names())
def test_everything_has_a_french_name(name: str) -> None:
    chart = load(chart_named(name))
    assert all(item.name_fr for item in chart.organisations)
    assert all(item.name_fr for item in chart.teams)
    assert all(item.name_fr for item in chart.services)


@pytest.mark.parametrize("name", names())
def test_people_are_distinct_and_serve_somewhere(name: str) -> None:
    chart = load(chart_named(name))
    assert len({person.name for person in chart.people}) == len(chart.people)
    assert {person.username for person in chart.people} == {item.person for item in chart.memberships}


def test_the_union_is_complete(eu: Chart) -> None:
    kinds = [item.kind.value for item in eu.organisations]
    assert (kinds.count("union_entity"), kinds.count("department")) == (77, 48)


def test_it_shows_who_has_no_officer(eu: Chart) -> None:
    assert {item.organisation for item in eu.missing(NOW)} == {"EUSA", "IDEA", "ESDC"}


def test_teams_stand_where_the_mission_puts_them(eu: Chart) -> None:
    teams = {team.code: team for team in eu.teams}
    hosts = {code: team.host for code, team in teams.items()}
    assert hosts == {
        "CERT-EU": "DIGIT", "CSIRC": "DIGIT", "SOC": "DIGIT", "NOC": "DIGIT", "CISO": "DIGIT", "CART": "HR.DS",
        "CRMG": "EC", "BOARD": "IICB", "ASOC": "EU-LISA",
    }  # fmt: skip
    assert (teams["CERT-EU"].reports_to, teams["BOARD"].chair) == ("BOARD", "GSC")
    assert {code for code, team in teams.items() if team.unattributed} == {"CERT-EU", "SOC"}


def test_one_team_serves_exactly_twelve_agencies(eu: Chart) -> None:
    (team,) = [team for team in eu.teams if team.code == "ASOC"]
    assert len([mandate for mandate in team.mandates if not mandate.subtree]) == 12


@pytest.mark.parametrize(
    ("value", "owner"),
    [
        ("198.18.0.10", "DIGIT"),
        ("198.18.10.4", "AGRI"),
        ("198.18.34.5", "HR"),
        ("198.18.34.200", "HR.DS"),
        ("198.18.255.1", "EC"),
        ("198.19.255.1", "SNET"),
        ("198.18.200.9", "DEFIS"),
        ("198.51.100.1", "EP"),
        ("192.0.2.33", "AGRI"),
        ("192.0.2.250", "EC"),
        ("2001:db8:10a::1", "AGRI"),
        ("2001:db8:1::1", "EP"),
        ("www.agri.commission.example", "AGRI"),
        ("ws-comp-001.net.commission.example", "COMP"),
        ("liso.hr-ds@hr-ds.commission.example", "HR.DS"),
        ("alerts@cert-eu.example", "DIGIT"),
    ],
)
def test_it_knows_whose_things_are(eu: Chart, value: str, owner: str) -> None:
    assert eu.ownership().whose(value, NOW)[0].asset.organisation == owner


@pytest.mark.parametrize("value", ["203.0.113.130", "2001:db8:f000::1", "evil.example"])
def test_the_world_outside_is_nobodys(eu: Chart, value: str) -> None:
    assert eu.ownership().whose(value, NOW) == []


def test_a_range_that_changed_hands_went_by_its_time(eu: Chart) -> None:
    then = datetime(2019, 6, 1, tzinfo=UTC)
    assert eu.ownership().whose("198.18.200.9", then)[0].asset.organisation == "GROW"
