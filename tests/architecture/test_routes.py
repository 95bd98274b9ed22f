"""Every API route, tried with the tokens of people who have no business there."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from tests.architecture.stage import furnish
from tests.architecture.test_doors import SECRETS
from tocsin.platform.access import all_verbs
from tocsin.rooms.accounts import actions
from tocsin.rooms.accounts.models import Person


@pytest.fixture
def things(chart: Mapping[str, Person]) -> dict[str, Any]:
    return furnish(chart)


def routes(things: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    from tocsin.platform.api import api

    for path, operations in api.get_openapi_schema()["paths"].items():
        filled = path
        for parameter in re.findall(r"{(\w+)}", path):
            filled = filled.replace(f"{{{parameter}}}", str(_example(things, path, parameter)))
        yield from ((method, filled) for method in operations)


def _example(things: Mapping[str, Any], path: str, parameter: str) -> Any:
    thing = path.removeprefix("/api/").split("/")[0].rstrip("s")
    return things[parameter] if thing == "alert" else things.get(f"{thing}.{parameter}", things[parameter])


def bearer(person: Person) -> dict[str, str]:
    _token, key = actions.make_token(
        person=person, name="walk", verbs=list(all_verbs()), expires_in=timedelta(hours=1), actor=person
    )
    return {"Authorization": f"Bearer {key}"}


def ask(method: str, path: str, headers: Mapping[str, str]) -> Any:
    client = Client(headers=dict(headers))
    if method == "get":
        return client.get(path)
    return client.generic(method.upper(), path, "x", content_type="text/plain")


@pytest.mark.django_db
def test_without_a_token_there_is_nothing(things: dict[str, Any]) -> None:
    tried = list(routes(things))
    assert len(tried) >= 8
    for method, path in tried:
        assert ask(method, path, {}).status_code == 401, path
        assert ask(method, path, {"Authorization": "Bearer nonsense"}).status_code == 401, path


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["outsider", "officer_b"])
def test_nobody_reads_what_is_not_theirs(name: str, things: dict[str, Any], chart: Mapping[str, Person]) -> None:
    headers = bearer(chart[name])
    for method, path in routes(things):
        answer = ask(method, path, headers)
        assert answer.status_code < 500, path
        for secret in SECRETS:
            assert secret.encode() not in answer.content, f"{path} shows {secret} to {name}"
        if name == "outsider":
            assert answer.status_code in {400, 403, 404, 415, 422}, f"{path}: {answer.status_code}"


@pytest.mark.django_db
def test_those_whose_it_is_read_it(things: dict[str, Any], chart: Mapping[str, Person]) -> None:
    headers = bearer(chart["analyst"])
    read = [ask(method, path, headers) for method, path in routes(things) if method == "get"]
    assert all(b"".join(answer) for answer in read)  # a file is open until it is read
    assert [answer.status_code for answer in read].count(200) >= 6
