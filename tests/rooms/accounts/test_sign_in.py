"""Signing in: by password, with a second factor when it is on, and not by trying many."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from allauth.mfa.totp.internal import auth as totp
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from tests.conftest import PASSWORD
from tocsin.platform.models import AuditEntry
from tocsin.rooms.accounts import actions
from tocsin.rooms.accounts.models import Person

pytestmark = pytest.mark.django_db
ClientOf = Callable[[Person], Client]


@pytest.fixture(autouse=True)
def own_cache(settings: Settings, tmp_path: Path) -> Iterator[None]:
    settings.CACHES = {
        "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": str(tmp_path)}
    }
    yield
    cache.clear()


@pytest.fixture
def signer(analyst: Person) -> Person:
    actions.set_password(actor=None, person=analyst, password=PASSWORD)
    return analyst


def sign_in(client: Client, password: str = PASSWORD, name: str = "analyst", **more: str) -> int:
    return client.post(reverse("account_login"), {"login": name, "password": password, **more}).status_code


def test_a_page_sends_strangers_to_the_sign_in(db: None, client: Client) -> None:
    answer = client.get("/account/")
    assert answer.status_code == 302
    assert answer.headers["Location"] == f"{reverse('account_login')}?next=/account/"


def test_the_right_password_opens_the_desk(signer: Person, client: Client) -> None:
    assert sign_in(client) == 302
    assert client.get("/").status_code == 200
    assert AuditEntry.objects.get(verb="accounts.signed_in").actor == signer.uuid


def test_a_wrong_password_does_not(signer: Person, client: Client) -> None:
    assert sign_in(client, "wrong") == 200
    assert client.get("/").status_code == 302


def test_an_ended_account_does_not(signer: Person, admin: Person, client: Client) -> None:
    actions.end_person(actor=admin, person=signer)
    sign_in(client)
    assert client.get("/").status_code == 302


def test_trying_many_passwords_is_stopped(signer: Person, client: Client) -> None:
    for _ in range(5):
        assert sign_in(client, "wrong") == 200
    content = client.post(reverse("account_login"), {"login": "analyst", "password": PASSWORD}).content.decode()
    assert "Too many" in content
    assert client.get("/").status_code == 302


def test_nobody_is_led_elsewhere_after_signing_in(signer: Person, client: Client) -> None:
    answer = client.post(
        reverse("account_login"), {"login": "analyst", "password": PASSWORD, "next": "https://evil.example/"}
    )
    assert answer.headers["Location"] == "/"


@pytest.mark.parametrize(
    "path", ["/account/signup/", "/account/password/reset/", "/account/email/", "/accounts/signup/"]
)
def test_nobody_signs_up_or_resets_by_mail(db: None, client: Client, path: str) -> None:
    assert client.get(path).status_code == 404


def test_a_second_factor_is_asked_for_once_it_is_on(signer: Person, client: Client) -> None:
    secret = totp.generate_totp_secret()
    totp.TOTP.activate(signer, secret)
    assert sign_in(client) == 302
    assert client.get("/").status_code == 302
    assert client.get(reverse("mfa_authenticate")).status_code == 200
    assert client.post(reverse("mfa_authenticate"), {"code": "000000"}).status_code == 200
    code = totp.format_hotp_value(totp.hotp_value(secret, next(totp.yield_hotp_counters_from_time())))
    assert client.post(reverse("mfa_authenticate"), {"code": code}).status_code == 302
    assert client.get("/").status_code == 200


def test_the_pages_of_the_second_factor_are_ours(signer: Person, client: Client) -> None:
    sign_in(client)
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    assert b"stolen password" in client.get(reverse("mfa_index")).content
    content = client.get(reverse("mfa_activate_totp")).content.decode()
    assert "data:image/svg" in content
    secret = client.session["mfa.totp.secret"]
    code = totp.format_hotp_value(totp.hotp_value(secret, next(totp.yield_hotp_counters_from_time())))
    assert client.post(reverse("mfa_activate_totp"), {"code": code}).status_code == 302
    for name in ("mfa_index", "mfa_deactivate_totp", "mfa_view_recovery_codes", "mfa_generate_recovery_codes"):
        content = client.get(reverse(name)).content.decode()
        assert 'rel="stylesheet"' in content
        assert "<script>" not in content


def test_touching_the_second_factor_asks_again_who_it_is(signer: Person, client_of: ClientOf) -> None:
    answer = client_of(signer).get(reverse("mfa_activate_totp"))
    assert answer.status_code == 302
    assert reverse("account_reauthenticate") in answer.headers["Location"]
    assert b"confirm who you are" in client_of(signer).get(reverse("account_reauthenticate")).content


def test_changing_the_password_needs_the_old_one_and_is_audited(signer: Person, client: Client) -> None:
    sign_in(client)
    new = "another long password"
    address = reverse("account_change_password")
    assert client.post(address, {"oldpassword": "x", "password1": new, "password2": new}).status_code == 200
    assert client.post(address, {"oldpassword": PASSWORD, "password1": new, "password2": new}).status_code == 302
    assert AuditEntry.objects.filter(verb="accounts.password_changed").count() == 1


def test_signing_out_asks_and_ends_the_session(signer: Person, client: Client) -> None:
    sign_in(client)
    assert client.get(reverse("account_logout")).status_code == 200
    client.post(reverse("account_logout"))
    assert client.get("/").status_code == 302


def test_one_who_mistypes_does_not_lock_out_the_house(signer: Person, client: Client) -> None:
    for number in range(20):
        sign_in(client, password="wrong", name=f"nobody{number}")
    assert sign_in(client) == 302


def test_behind_a_proxy_each_address_has_its_own_limit(signer: Person, client: Client, settings: Settings) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    settings.ACCOUNT_RATE_LIMITS = {"login_failed": "3/m/ip"}
    for number in range(5):
        form = {"login": f"nobody{number}", "password": "wrong"}
        client.post(reverse("account_login"), form, headers={"X-Forwarded-For": "203.0.113.9"})
    form = {"login": "analyst", "password": PASSWORD}
    assert client.post(reverse("account_login"), form, headers={"X-Forwarded-For": "203.0.113.9"}).status_code != 302
    assert client.post(reverse("account_login"), form, headers={"X-Forwarded-For": "203.0.113.10"}).status_code == 302
