"""One's own account, and everybody's for who manages them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest
from django.test import Client
from django.urls import reverse

from tocsin.rooms.accounts import actions
from tocsin.rooms.accounts.models import ApiToken, Person

pytestmark = pytest.mark.django_db
ClientOf = Callable[[Person], Client]

MANAGING = ("people", "new_person")


def test_a_person_chooses_language_time_zone_and_colours(analyst: Person, client_of: ClientOf) -> None:
    answer = client_of(analyst).post(
        reverse("profile"), {"language": "fr", "time_zone": "Europe/Brussels", "theme": "dark"}
    )
    assert answer.status_code == 302
    analyst.refresh_from_db()
    assert (analyst.language, analyst.timezone, analyst.theme) == ("fr", "Europe/Brussels", "dark")


def test_a_time_zone_nobody_knows_is_refused(analyst: Person, client_of: ClientOf) -> None:
    answer = client_of(analyst).post(reverse("profile"), {"language": "en", "time_zone": "Mars", "theme": "auto"})
    assert answer.status_code == 200
    assert b"errorlist" in answer.content


def test_a_key_is_shown_once(analyst: Person, client_of: ClientOf) -> None:
    client = client_of(analyst)
    answer = client.post(reverse("new_token"), {"name": "shipper", "days": "30", "verbs": ["alerts.view"]})
    token = ApiToken.objects.get()
    assert answer.context["key"] in answer.content.decode()
    assert "no-store" in answer.headers["Cache-Control"]
    profile = client.get(reverse("profile")).content.decode()
    assert token.prefix in profile
    assert answer.context["key"] not in profile


def test_rights_one_does_not_have_are_not_offered(officer_a: Person, client_of: ClientOf) -> None:
    client = client_of(officer_a)
    assert b"accounts.manage" not in client.get(reverse("new_token")).content
    client.post(reverse("new_token"), {"name": "x", "days": "30", "verbs": ["accounts.manage"]})
    assert not ApiToken.objects.exists()


def test_a_token_is_revoked_by_its_person_only(analyst: Person, responder: Person, client_of: ClientOf) -> None:
    token, _ = actions.make_token(actor=analyst, person=analyst, name="x")
    address = reverse("revoke_token", args=[token.uuid])
    assert client_of(responder).post(address).status_code == 404
    assert client_of(analyst).get(address).status_code == 405
    assert client_of(analyst).post(address).status_code == 302
    token.refresh_from_db()
    assert token.revoked_at


@pytest.mark.parametrize("name", MANAGING)
@pytest.mark.parametrize("who", ["outsider", "analyst", "officer_b", "ciso"])
def test_only_who_manages_accounts_sees_them(
    chart: Mapping[str, Person], client_of: ClientOf, name: str, who: str
) -> None:
    assert client_of(chart[who]).get(reverse(name)).status_code == 403


@pytest.mark.parametrize("name", ["end_person", "reopen_person", "renew_password"])
def test_nobody_else_changes_accounts(analyst: Person, officer_a: Person, client_of: ClientOf, name: str) -> None:
    assert client_of(officer_a).post(reverse(name, args=[analyst.uuid])).status_code == 403


def test_an_administrator_makes_an_account_and_is_shown_its_password_once(admin: Person, client_of: ClientOf) -> None:
    given = {"username": "new", "full_name": "New", "email": "n@tocsin.example", "language": "en", "time_zone": "UTC"}
    client = client_of(admin)
    answer = client.post(reverse("new_person"), given)
    person = Person.objects.get(username="new")
    assert person.check_password(answer.context["password"])
    assert b"errorlist" in client.post(reverse("new_person"), {**given, "username": "NEW"}).content


def test_an_account_is_ended_and_opened_again(admin: Person, analyst: Person, client_of: ClientOf) -> None:
    client = client_of(admin)
    client.post(reverse("end_person", args=[analyst.uuid]))
    assert b"Open it again" in client.get(reverse("person", args=[analyst.uuid])).content
    client.post(reverse("reopen_person", args=[analyst.uuid]))
    analyst.refresh_from_db()
    assert analyst.is_active


def test_ending_oneself_is_refused_with_a_reason(admin: Person, client_of: ClientOf) -> None:
    answer = client_of(admin).post(reverse("end_person", args=[admin.uuid]), follow=True)
    assert b"another administrator" in answer.content


def test_a_new_password_ends_the_old(admin: Person, analyst: Person, client_of: ClientOf) -> None:
    answer = client_of(admin).post(reverse("renew_password", args=[analyst.uuid]))
    analyst.refresh_from_db()
    assert analyst.check_password(answer.context["password"])


def test_htmx_gets_the_list_only(admin: Person, client_of: ClientOf) -> None:
    answer = client_of(admin).get(reverse("people"), {"q": "officer"}, headers={"HX-Request": "true"})
    assert b"<html" not in answer.content
    assert answer.content.count(b"row-link") == 2


def test_who_is_not_there_is_not_found(admin: Person, client_of: ClientOf) -> None:
    assert client_of(admin).get("/people/00000000-0000-7000-8000-000000000000/").status_code == 404
