"""Organisations as programs read them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from tocsin.rooms.accounts import actions as accounts
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.constituency.actions import add_asset, add_contact
from tocsin.rooms.constituency.models import Organisation

Asked = Callable[..., Any]
PATH = "/api/organisations"


def asking(person: Person, *verbs: str) -> Asked:
    _token, key = accounts.make_token(
        person=person, name="t", verbs=list(verbs), expires_in=timedelta(days=1), actor=person
    )

    def ask(path: str = "", **query: str) -> Any:
        return Client().get(f"{PATH}{path}", query, headers={"Authorization": f"Bearer {key}"})

    return ask


@pytest.fixture
def ask(ciso: Person) -> Asked:
    return asking(ciso, "constituency.view")


def test_it_lists_what_the_person_may_see(ask: Asked) -> None:
    answer = ask().json()
    assert [item["code"] for item in answer["items"]] == ["INST", "DEPA", "DEPB"]
    assert answer["next"] is None
    assert answer["items"][1]["parent"] == "INST"
    assert answer["items"][1]["contacts"] == [
        {"role": "officer", "name": "Officer_A", "email": "officer_a@tocsin.example", "phone": ""}
    ]


def test_it_pages_by_cursor(ask: Asked) -> None:
    first = ask(limit="2").json()
    second = ask(limit="2", cursor=first["next"]).json()
    assert [item["code"] for page in (first, second) for item in page["items"]] == ["INST", "DEPA", "DEPB"]
    assert second["next"] is None


def test_it_gives_what_changed_since(ask: Asked) -> None:
    moment = timezone.now()
    Organisation.objects.get(code="DEPA").save()
    assert [item["code"] for item in ask(updated_since=moment.isoformat()).json()["items"]] == ["DEPA"]


def test_one_organisation_comes_with_contacts_and_holdings(ask: Asked, admin: Person) -> None:
    place = Organisation.objects.get(code="DEPA")
    add_asset(actor=admin, organisation=place, kind="prefix", value="192.0.2.0/24")
    add_contact(actor=admin, organisation=place, role="duty", name="Desk", email="desk@a.example", phone="1")
    answer = ask(f"/{place.uuid}").json()
    assert [item["value"] for item in answer["assets"]] == ["192.0.2.0/24"]
    assert answer["contacts"][-1] == {"role": "duty", "name": "Desk", "email": "desk@a.example", "phone": "1"}


def test_it_tells_whose_a_value_is(ask: Asked, admin: Person) -> None:
    add_asset(actor=admin, organisation=Organisation.objects.get(code="DEPA"), kind="prefix", value="192.0.2.0/24")
    (found,) = ask("/whose", value="192.0.2.7").json()
    assert (found["organisation"], found["wins"]) == ("DEPA", True)
    assert ask("/whose", value="192.0.3.7").json() == []


def test_other_organisations_do_not_exist(chart: Mapping[str, Person]) -> None:
    ask = asking(chart["officer_b"], "constituency.view")
    assert [item["code"] for item in ask().json()["items"]] == ["DEPB"]
    assert ask(f"/{Organisation.objects.get(code='DEPA').uuid}").status_code == 404


def test_a_token_without_the_right_is_refused(chart: Mapping[str, Person]) -> None:
    ask = asking(chart["ciso"], "alerts.view")
    place = Organisation.objects.get(code="DEPA")
    assert [ask(path).status_code for path in ("", f"/{place.uuid}")] == [403, 403]
    assert ask("/whose", value="x").status_code == 403


def test_a_page_takes_few_queries(ask: Asked, django_assert_max_num_queries: Any) -> None:
    with django_assert_max_num_queries(8):
        ask()
