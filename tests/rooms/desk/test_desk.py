"""Everybody lands on a desk of their own role, and it is cheap."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from tests.rooms.desk.conftest import Make, organisation
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.alerts import actions as alert_actions
from tocsin.rooms.constituency.models import Membership, Team
from tocsin.rooms.desk import queries
from tocsin.rooms.desk.knowledge import cards_of, desk_of, figures_of, sections_of
from tocsin.rooms.incidents import actions

pytestmark = pytest.mark.django_db
ClientOf = Callable[[Person], Client]


def titles(person: Person) -> set[str]:
    return {str(section.title) for section in sections_of(person)}


def test_an_analyst_is_shown_the_queue(analyst: Person) -> None:
    assert {"Open alerts", "Next in the queue", "Alerts you have taken", "Tasks"} <= titles(analyst)
    assert "Incidents nobody owns" not in titles(analyst)


def test_a_responder_is_shown_what_was_handed_over_first(responder: Person) -> None:
    assert {"Open incidents", "Handed to you", "Your incidents", "Tasks"} <= titles(responder)


def test_an_officer_is_shown_their_organisation_only(officer_a: Person) -> None:
    assert titles(officer_a) == {
        "Open alerts",
        "Questions to you",
        "Notices to answer",
        "Handed to you",
        "Incidents that concern you",
        "Late, or due soon",
        "Tasks",
        "Contacts to confirm",
    }


def test_a_ciso_is_shown_what_nobody_holds(ciso: Person) -> None:
    assert {
        "Open incidents",
        "Deadlines that were missed",
        "Risen to you",
        "Without a security officer",
    } <= titles(ciso)


def test_an_administrator_is_shown_the_house(admin: Person) -> None:
    assert titles(admin) == {
        "Without a security officer",
        "Records that could not be read",
        "Sources that fell silent",
    }


def test_a_board_member_is_shown_a_quiet_summary(outsider: Person) -> None:
    Membership.objects.create(person=outsider, role="board_member", organisation=organisation("INST"))
    assert titles(outsider) == {"Without a security officer", "Who is served"}


def test_who_has_no_role_is_told_what_to_do(outsider: Person, client_of: ClientOf) -> None:
    assert b"an administrator gives you one" in client_of(outsider).get("/").content


def test_what_is_empty_takes_one_line(analyst: Person, client_of: ClientOf) -> None:
    content = client_of(analyst).get("/").content.decode()
    assert "All quiet" in content
    assert "<section" not in content
    assert client_of(analyst).get("/desk/figures/").content.count(b"<section") == 2


def test_a_number_leads_to_the_list_it_counts(analyst: Person, client_of: ClientOf, make_alert: Make) -> None:
    make_alert(level=4)
    client = client_of(analyst)
    assert b'hx-get="/desk/figures/"' in client.get("/").content
    assert "/alerts/?state=open&amp;level=4" in client.get("/desk/figures/").content.decode()
    assert client.get("/alerts/?state=open&level=4").content.count(b"row-link") == 1
    assert client.get("/alerts/?state=open&level=3").content.count(b"row-link") == 0


def pieces_of(client: Client) -> dict[str, str]:
    """Give the desk and each piece that it asks for, one after the other, by its address."""
    found: dict[str, str] = {}
    path = "/"
    while path:
        found[path] = client.get(path, headers={"HX-Request": "true"}).content.decode()
        after = re.search(r'hx-get="(/desk/rest/[^"]*)"', found[path])
        path = after[1] if after else ""
    return found


def test_what_comes_after_the_page_is_asked_for_by_it(analyst: Person, client_of: ClientOf, make_alert: Make) -> None:
    make_alert(level=4, assignee=analyst)
    client = client_of(analyst)
    assert b'hx-get="/desk/rest/?from=6"' in client.get("/").content
    rest = client.get("/desk/rest/", headers={"HX-Request": "true"}).content
    assert b"Alerts you have taken" in rest
    assert b"<html" not in rest
    assert b"<html" in client.get("/desk/rest/").content
    mine = [str(section.title) for section in sections_of(analyst)]
    pieces = [one for start in range(0, len(cards_of(analyst)), 6) for one in desk_of(analyst, start)]
    shown = (*pieces, *figures_of(analyst))
    assert sorted(str(one.section.title) for one in shown) == sorted(mine)


def test_the_noisiest_rules_say_how_many_of_their_alerts_were_false(
    analyst: Person, client_of: ClientOf, make_alert: Make
) -> None:
    for state in ("new", "closed_false_positive", "closed_false_positive"):
        make_alert(rule_id="loud", state=state, open=state == "new")
    make_alert(rule_id="quiet")
    make_alert("OTHER", rule_id="foreign")
    make_alert("OTHER", rule_id="foreign")
    make_alert(rule_id="old", seen=timezone.now() - timedelta(hours=25))
    make_alert(rule_id="old", seen=timezone.now() - timedelta(hours=25))
    (rule,) = queries.noisy_rules(analyst).rows
    assert (rule["rule"], rule["number"], rule["hits"], rule["false"]) == ("loud", 3, 3, 2)
    client = client_of(analyst)
    content = "".join(pieces_of(client).values())
    make_alert(rule_id="loud", seen=timezone.now() - timedelta(hours=25))
    for state, number in (("unsuppressed", 3), ("closed_false_positive", 2)):
        address = f"/alerts/?state={state}&seen=day&rule=loud"
        assert address.replace("&", "&amp;") in content
        assert client.get(address).content.count(b"row-link") == number
    assert "/alerts/suppressions/new/?rule=loud" in content


def test_what_is_suppressed_makes_no_noise(analyst: Person, make_alert: Make) -> None:
    for state in ("new", "suppressed", "suppressed"):
        make_alert(rule_id="hushed", state=state, open=state == "new")
    assert not queries.noisy_rules(analyst)


def test_suppressions_that_end_soon_are_shown_to_those_who_decide(
    chart: Mapping[str, Person], analyst: Person, client_of: ClientOf, make_alert: Make
) -> None:
    make_alert(rule_id="loud")
    ends = {"DEPA": 3, "DEPB": 6, "INST": 20}
    held = {
        code: alert_actions.suppress(
            actor=analyst, rule="loud", reason="Backup.", until=timezone.now() + timedelta(days=days),
            organisation=organisation(code),
        )
        for code, days in ends.items()
    }  # fmt: skip
    assert [one.pk for one in queries.ending_suppressions(analyst).rows] == [held["DEPA"].pk, held["DEPB"].pk]
    content = "".join(pieces_of(client_of(analyst)).values())
    assert "Suppressions that end soon" in content
    assert f'<a href="/alerts/?state=all&amp;suppression={held["DEPA"].uuid}">0</a>' in content
    assert "/alerts/suppressions/?state=soon" in content
    assert str(held["INST"].uuid) not in content
    assert "Suppressions that end soon" not in titles(chart["officer_a"]) | titles(chart["ciso"])


def test_a_full_desk_shows_everything_that_waits(
    chart: Mapping[str, Person], client_of: ClientOf, make_alert: Make, make_offer: Make
) -> None:
    make_alert(None, 4)
    make_offer(due_at=timezone.now() - timedelta(minutes=1))
    actions.rise_due()
    assert b"alert 0" in client_of(chart["analyst"]).get("/").content
    for name in ("responder", "ciso"):
        assert b"incident 1" in client_of(chart[name]).get("/").content
    assert b"incident 1" not in client_of(chart["officer_b"]).get("/").content


@pytest.mark.parametrize("who", ["analyst", "responder", "officer_a", "ciso", "admin", "outsider"])
def test_a_desk_takes_ten_queries_at_most(
    chart: Mapping[str, Person], client_of: ClientOf, who: str, django_assert_max_num_queries: Callable[..., Any]
) -> None:
    client = client_of(chart[who])
    with django_assert_max_num_queries(10):
        assert client.get("/").status_code == 200
    for path in pieces_of(client):
        with django_assert_max_num_queries(10):
            assert client.get(path).status_code == 200
    with django_assert_max_num_queries(10):
        assert client.get("/desk/figures/").status_code == 200


def test_so_does_the_desk_of_somebody_with_every_role(
    chart: Mapping[str, Person], client_of: ClientOf, django_assert_max_num_queries: Callable[..., Any]
) -> None:
    person = chart["ciso"]
    for role in ("administrator", "officer"):
        Membership.objects.create(person=person, role=role, organisation=organisation("INST"))
    for role in ("analyst", "responder"):
        Membership.objects.create(person=person, role=role, team=Team.objects.get(code="CSIRC"))
    client = client_of(person)
    shown = pieces_of(client)
    assert len(shown) == -(-len(cards_of(person)) // 6), "no card is left out, however many there are"
    for path in shown:
        with django_assert_max_num_queries(10):
            client.get(path)
