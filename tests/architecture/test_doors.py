"""Every address, tried by everyone who has no business there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from django.test import Client

from tests.architecture.doors import Door, doors
from tocsin.rooms.accounts.models import Person

# Doors that are open by design: sign-in and what belongs to it, one's own things, the API's description.
OPEN_TO_ALL = (
    "login",
    "logout",
    "static",
    "account",
    "mfa",
    "reauthenticate",
    "password",
    "i18n",
    "api/docs",
    "api/openapi",
    "answer",  # by a signed link
    "confirm",  # by a signed link
    "called",  # by a signed link
)
SECRETS = ("Secret title of A", "secret-host-a")


@pytest.fixture
def things(chart: Mapping[str, Person]) -> dict[str, Any]:
    """Put something behind every door, all of it department A's."""
    from tests.architecture.stage import furnish

    return furnish(chart)


def own(door: Door) -> bool:
    return door.verbs == () or door.route.startswith(OPEN_TO_ALL)


@pytest.mark.django_db
def test_every_page_asks_who_is_there(things: dict[str, Any]) -> None:
    for door in doors(things):
        if door.route.startswith(OPEN_TO_ALL):
            continue
        for method in (Client().get, Client().post):
            answer = method(door.path)
            assert answer.status_code in {302, 401, 403, 404, 405}, f"{door.path}: {answer.status_code}"
            if answer.status_code == 302:
                assert "/account/sign-in/" in answer["Location"], f"{door.path} leads to {answer['Location']}"


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["outsider", "officer_b"])
def test_nobody_sees_what_is_not_theirs(
    name: str, things: dict[str, Any], chart: Mapping[str, Person], client_of: Callable[[Person], Client]
) -> None:
    client = client_of(chart[name])
    for door in doors(things):
        if door.name == "account_logout":
            continue
        for method in (client.get, client.post):
            answer = method(door.path)
            assert answer.status_code < 500, f"{door.path} breaks"
            body = b"".join(answer) if answer.streaming else answer.content
            for secret in SECRETS:
                assert secret.encode() not in body, f"{door.path} shows {secret} to {name}"
            if name == "outsider" and not own(door) and not door.route.startswith("api/"):
                assert answer.status_code in {403, 404, 405}, f"{door.path}: {answer.status_code} for an outsider"


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["analyst", "ciso", "officer_a", "responder", "admin"])
def test_pages_open_for_those_whose_role_has_them(
    name: str, things: dict[str, Any], chart: Mapping[str, Person], client_of: Callable[[Person], Client]
) -> None:
    from tocsin.platform.access import scope_of

    client, scope = client_of(chart[name]), scope_of(chart[name])
    opened = 0
    for door in doors(things):
        if door.verbs is None or (door.verbs and not any(scope.allows(verb) for verb in door.verbs)):
            continue
        answer = client.get(door.path)
        assert answer.status_code in {200, 302, 404, 405}, f"{door.path}: {answer.status_code} for {name}"
        opened += answer.status_code == 200
    assert opened >= 3


@pytest.mark.django_db
def test_everything_else_is_named_open_on_purpose(things: dict[str, Any]) -> None:
    unguarded = [d.route for d in doors(things) if d.verbs is None and not d.route.startswith((*OPEN_TO_ALL, "api/"))]
    assert unguarded == []
