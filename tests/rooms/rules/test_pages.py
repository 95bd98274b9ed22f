"""The pages of the rules room."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from tocsin.rooms.rules.actions import import_folder
from tocsin.rooms.rules.models import Rule, RuleSet

if TYPE_CHECKING:
    from django.test import Client

    from tocsin.rooms.accounts.models import Person

ClientOf = Callable[["Person"], "Client"]

pytestmark = pytest.mark.usefixtures("home", "imported")


@pytest.fixture
def imported(chart: object, folder: Path, home: object) -> None:
    import_folder(actor=None, folder=folder)


@pytest.mark.parametrize(
    ("query", "seen"),
    [
        ({}, {"Whoami", "Net", "broken.yml"}),
        ({"state": "runs"}, {"Whoami", "Net"}),
        ({"state": "refused"}, {"broken.yml"}),
        ({"state": "off"}, set()),
        ({"level": "3"}, {"Whoami"}),
        ({"q": "who"}, {"Whoami"}),
        ({"set": "house", "q": "yaml"}, {"broken.yml"}),
        ({"level": "x", "state": "x", "cursor": "x"}, {"Whoami", "Net", "broken.yml"}),
    ],
)
def test_the_list_shows_what_is_asked_for(
    client_of: ClientOf, analyst: Person, query: Mapping[str, str], seen: set[str]
) -> None:
    page = client_of(analyst).get(reverse("rules"), query)
    assert {rule.title for rule in page.context["page"].items} == seen


def test_the_list_takes_few_queries(
    client_of: ClientOf, analyst: Person, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    client = client_of(analyst)
    with django_assert_max_num_queries(12):
        assert client.get(reverse("rules")).status_code == 200


def test_a_rule_shows_its_text_and_why_it_cannot_run(client_of: ClientOf, analyst: Person) -> None:
    broken = Rule.objects.get(path="broken.yml")
    page = client_of(analyst).get(reverse("rule", args=[broken.uuid])).content.decode()
    assert "id: [" in page
    assert "YAML error" in page
    assert "broken.yml:3" in page


def test_an_analyst_switches_a_rule_off_and_on(client_of: ClientOf, analyst: Person) -> None:
    rule, client = Rule.objects.get(path="net.yml"), client_of(analyst)
    for on in (False, True):
        client.post(reverse("rule_switch", args=[rule.uuid]), {"on": str(int(on))})
        rule.refresh_from_db()
        assert rule.enabled is on


def test_an_analyst_switches_a_set_off(client_of: ClientOf, analyst: Person) -> None:
    client_of(analyst).post(reverse("rule_set_switch", args=[RuleSet.objects.get().uuid]), {"on": "0"})
    assert not RuleSet.objects.get().enabled


@pytest.mark.parametrize("name", ["officer_a", "outsider"])
def test_who_may_not_see_rules_is_refused(client_of: ClientOf, chart: Mapping[str, Person], name: str) -> None:
    client = client_of(chart[name])
    rule = Rule.objects.get(path="net.yml")
    assert client.get(reverse("rules")).status_code == 403
    assert client.get(reverse("rule", args=[rule.uuid])).status_code == 403
    assert client.post(reverse("rule_switch", args=[rule.uuid])).status_code == 403


def test_a_responder_sees_but_does_not_switch(client_of: ClientOf, responder: Person) -> None:
    client = client_of(responder)
    assert client.get(reverse("rules")).status_code == 200
    rule = Rule.objects.get(path="net.yml")
    assert client.post(reverse("rule_switch", args=[rule.uuid])).status_code == 403
