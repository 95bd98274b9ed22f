"""A session belongs to one person, from the sign-in to the next password."""

from __future__ import annotations

import time
from collections.abc import Callable
from importlib import import_module
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import cache
from django.test import Client

from tocsin.rooms.accounts import actions
from tocsin.rooms.accounts.models import Person

SIGN_IN, SECRET = "/account/sign-in/", "a long enough secret"


@pytest.fixture
def signer(analyst: Person) -> Person:
    cache.clear()
    analyst.set_password(SECRET)
    analyst.save()
    return analyst


def sign_in(client: Client, password: str = SECRET, **more: str) -> int:
    return client.post(SIGN_IN, {"login": "analyst", "password": password, **more}).status_code


def test_a_session_from_before_the_sign_in_is_worth_nothing_after_it(signer: Person) -> None:
    victim = Client()
    planted = import_module(settings.SESSION_ENGINE).SessionStore()
    planted["planted"] = True
    planted.create()
    victim.cookies[settings.SESSION_COOKIE_NAME] = planted.session_key
    assert sign_in(victim) == 302
    assert victim.cookies[settings.SESSION_COOKIE_NAME].value != planted.session_key
    attacker = Client()
    attacker.cookies[settings.SESSION_COOKIE_NAME] = planted.session_key
    assert attacker.get("/").status_code == 302


def test_a_session_cookie_is_out_of_reach_of_scripts_and_other_sites(signer: Person) -> None:
    client = Client()
    sign_in(client)
    cookie = client.cookies[settings.SESSION_COOKIE_NAME]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"


def test_a_new_password_ends_every_session(signer: Person, admin: Person) -> None:
    first, second = Client(), Client()
    sign_in(first)
    sign_in(second)
    given = {"oldpassword": SECRET, "password1": "another long secret", "password2": "another long secret"}
    assert first.post("/account/password/", given).status_code == 302
    assert second.get("/").status_code == 302
    first = Client()
    sign_in(first, "another long secret")
    assert first.get("/").status_code == 200
    actions.set_password(actor=admin, person=Person.objects.get(pk=signer.pk), password="set by somebody else")
    assert first.get("/").status_code == 302


def test_an_ended_account_loses_its_session_at_once(signer: Person, admin: Person) -> None:
    client = Client()
    sign_in(client)
    actions.end_person(actor=admin, person=signer)
    assert client.get("/").status_code == 302


def test_rights_end_with_the_membership_not_with_the_session(
    signer: Person, client_of: Callable[[Person], Client]
) -> None:
    client = client_of(signer)
    assert client.get("/alerts/").status_code == 200
    signer.memberships.all().delete()
    assert client.get("/alerts/").status_code == 403


def test_an_invented_forwarding_address_gives_no_further_tries(signer: Person) -> None:
    tries: list[Any] = []
    for number in range(8):
        client = Client(
            headers={"x-forwarded-for": f"10.0.0.{number}\r\nX-Injected: 1", "x-real-ip": f"10.0.1.{number}"}
        )
        tries.append(client.post(SIGN_IN, {"login": "analyst", "password": "wrong"}))
    assert all("X-Injected" not in answer.headers for answer in tries)
    assert sign_in(Client()) != 302, "the right password, after too many wrong ones, opens nothing"


def test_what_was_counted_is_kept_where_other_processes_see_it() -> None:
    assert "filebased" in str(settings.CACHES["default"]["BACKEND"])


def test_a_code_of_the_second_factor_works_once(signer: Person) -> None:
    from allauth.mfa.totp.internal.auth import (
        TOTP,
        format_hotp_value,
        generate_totp_secret,
        hotp_value,
        yield_hotp_counters_from_time,
    )

    secret = generate_totp_secret()
    TOTP.activate(signer, secret)
    if time.time() % 30 > 25:
        time.sleep(6)
    code = format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time()))))
    outcomes = []
    for client in (Client(), Client()):
        sign_in(client)
        client.post("/account/two-factor/authenticate/", {"code": code})
        outcomes.append(client.get("/").status_code)
    assert outcomes == [200, 302]
