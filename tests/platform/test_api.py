"""Programs come in with a token, and every collection can be followed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client, RequestFactory
from ninja.errors import HttpError

from tocsin.platform import access
from tocsin.platform import api as api_module
from tocsin.platform.api import TokenAuth, api
from tocsin.platform.ratelimit import Rate
from tocsin.rooms.accounts import actions

if TYPE_CHECKING:
    from tocsin.rooms.accounts.models import Person


CONTENTS = {"/api/export"}  # names the collections of an export, and is none itself


def collections() -> Mapping[str, Any]:
    """Give the operations that answer many things: GET without anything that must be given."""
    paths = api.get_openapi_schema()["paths"]
    reads = {path: found["get"] for path, found in paths.items() if "get" in found and path not in CONTENTS}
    return {path: read for path, read in reads.items() if not any(p["required"] for p in read["parameters"])}


def key_of(person: Person, *verbs: str) -> str:
    _token, key = actions.make_token(actor=person, person=person, name="program", verbs=verbs)
    return key


def bearer(key: str) -> dict[str, Any]:
    return {"headers": {"Authorization": f"Bearer {key}"}}


def test_a_token_acts_for_its_person_with_no_more_than_its_verbs(analyst: Person) -> None:
    request = RequestFactory().get("/api/", headers={"Authorization": f"Bearer {key_of(analyst, 'alerts.view')}"})
    assert TokenAuth()(request)
    assert request.user == analyst
    scope = access.scope_of(request.user)
    assert scope.allows("alerts.view")
    assert not scope.allows("alerts.triage")


@pytest.mark.parametrize("header", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic YTpi"}])
def test_without_a_good_token_everything_is_closed(db: None, header: dict[str, str]) -> None:
    for path in collections():
        answer = Client().get(path, headers=header)
        assert answer.status_code == 401, path
        assert answer["WWW-Authenticate"] == "Bearer"
        assert "Authorization: Bearer" in answer.json()["detail"]


def test_a_session_opens_no_api(analyst: Person) -> None:
    client = Client()
    client.force_login(analyst, backend="django.contrib.auth.backends.ModelBackend")
    for path in collections():
        assert client.get(path).status_code == 401


def test_every_collection_can_be_followed(analyst: Person) -> None:
    for path, operation in collections().items():
        names = {parameter["name"] for parameter in operation["parameters"]}
        assert {"updated_since", "cursor", "limit"} <= names, path
        answer = Client().get(path, **bearer(key_of(analyst, *access.all_verbs())))
        assert answer.status_code in {200, 403}, path
        if answer.status_code == 200:
            assert set(answer.json()) == {"items", "next"}, path


def test_a_bad_cursor_is_a_clear_error(analyst: Person) -> None:
    key = key_of(analyst, *access.all_verbs())
    for path in collections():
        assert Client().get(path, {"cursor": "nonsense"}, **bearer(key)).status_code in {400, 403}, path


def test_too_many_wrong_tokens_are_turned_away(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api_module, "guesses", Rate(2))
    request = RequestFactory().get("/api/", headers={"Authorization": "Bearer wrong"})
    assert TokenAuth()(request) is None
    assert TokenAuth()(request) is None
    with pytest.raises(HttpError):
        TokenAuth()(request)


def test_a_program_that_runs_wild_is_slowed(analyst: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api_module, "requests", Rate(1))
    request = RequestFactory().get("/api/", headers={"Authorization": f"Bearer {key_of(analyst)}"})
    assert TokenAuth()(request)
    with pytest.raises(HttpError):
        TokenAuth()(request)


@pytest.mark.parametrize(
    ("error", "status"), [(PermissionDenied("no right"), 403), (ValidationError("choose one"), 400)]
)
def test_errors_of_actions_become_answers(error: Exception, status: int) -> None:
    answer = api.on_exception(RequestFactory().get("/api/"), error)
    assert answer.status_code == status
    assert b"detail" in answer.content


def test_the_description_needs_nothing_from_elsewhere(analyst: Person) -> None:
    client = Client()
    assert client.get("/api/docs").status_code == 302
    client.force_login(analyst, backend="django.contrib.auth.backends.ModelBackend")
    page = client.get("/api/docs").content.decode()
    for path in collections():
        assert path in page
    assert "https://" not in page
    assert client.get("/api/openapi.json").json()["info"]["title"] == "Tocsin"


def test_a_rate_counts_each_caller_alone_and_forgets() -> None:
    rate = Rate(1, seconds=1000)
    assert [rate.allows("a"), rate.allows("a"), rate.allows("b")] == [True, False, True]
    for number in range(10_050):
        rate.allows(str(number))
    assert len(rate._counts) <= 10_052
