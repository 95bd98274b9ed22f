"""What every request passes first and every answer last."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client

from tocsin.platform.access import all_verbs
from tocsin.rooms.accounts import actions
from tocsin.rooms.accounts.models import Person

LISTS = ("/alerts/", "/incidents/", "/organisations/", "/receipts/", "/sources/", "/rules/")
ODD = ("\N{SUPERSCRIPT TWO}", "9" * 40, "-1", "é" * 3000, "'\";--<script>", "\N{ARABIC-INDIC DIGIT THREE}", "%", "\\")
NAMES = ("cursor", "severity", "level", "state", "organisation", "owner", "q", "text", "sort", "kind", "source", "rule")


def test_pages_are_kept_by_nobody(analyst: Person, client_of: Callable[[Person], Client]) -> None:
    for answer in (client_of(analyst).get("/alerts/"), Client().get("/api/alerts"), client_of(analyst).get("/none/")):
        assert "no-store" in answer["Cache-Control"]


def test_no_page_may_be_framed_or_run_foreign_scripts(analyst: Person, client_of: Callable[[Person], Client]) -> None:
    answer = client_of(analyst).get("/alerts/")
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["X-Content-Type-Options"] == "nosniff"
    policy = answer["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy


@pytest.mark.parametrize("path", LISTS)
def test_a_nul_is_refused_before_it_reaches_the_database(
    path: str, analyst: Person, client_of: Callable[[Person], Client]
) -> None:
    client = client_of(analyst)
    assert client.get(path, {"q": "a\0b"}).status_code == 400
    assert client.post("/alerts/bulk/", {"do": "dispose", "reason": "\0"}).status_code == 400


@pytest.mark.parametrize("path", LISTS)
def test_no_question_breaks_a_list(path: str, analyst: Person, client_of: Callable[[Person], Client]) -> None:
    client = client_of(analyst)
    for name in NAMES:
        for value in ODD:
            assert client.get(path, {name: value}).status_code in {200, 403, 404}, f"{path}?{name}={value[:20]}"


def test_no_question_breaks_a_collection(analyst: Person) -> None:
    _token, key = actions.make_token(
        actor=analyst, person=analyst, name="t", verbs=list(all_verbs()), expires_in=timedelta(hours=1)
    )
    client = Client(headers={"Authorization": f"Bearer {key}"})
    times = ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "-1", "99999999999999999999", "x")
    for path in ("/api/alerts", "/api/incidents", "/api/organisations", "/api/receipts"):
        for when in times:
            assert client.get(path, {"updated_since": when}).status_code in {200, 400, 422}, f"{path} {when}"
        for value in ODD:
            for name in ("cursor", "limit", "level", "organisation", "subject", "value"):
                assert client.get(path, {name: value}).status_code in {200, 400, 422}, f"{path} {name}={value[:9]}"
    for value in (*ODD, "1/0", "::%eth0", "http://[", "a@b@c", "1.2.3.4/99"):
        assert client.get("/api/organisations/whose", {"value": value}).status_code in {200, 400, 422}, value


def test_a_foreign_host_is_not_answered() -> None:
    assert Client().get("/account/sign-in/", headers={"host": "evil.example"}).status_code == 400


@pytest.mark.parametrize("next_page", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:x"])
def test_sign_in_leads_nowhere_else(next_page: str, analyst: Person) -> None:
    analyst.set_password("a long enough secret")
    analyst.save()
    given = {"login": "analyst", "password": "a long enough secret", "next": next_page}
    answer = Client().post("/account/sign-in/", given)
    assert answer.status_code == 302
    assert answer["Location"] == "/"


def test_forms_without_their_token_are_refused(analyst: Person) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(analyst, backend="django.contrib.auth.backends.ModelBackend")
    assert client.post("/account/", {"language": "fr"}).status_code == 403
    assert client.post("/alerts/bulk/", {}).status_code == 403


def test_text_that_turns_the_direction_is_shown_as_what_it_is(
    analyst: Person, client_of: Callable[[Person], Client]
) -> None:
    client = client_of(analyst)
    client.post("/incidents/new/", {"title": "photo\u202egpj.exe", "severity": "2", "tlp": "AMBER"})
    answer = client.get("/incidents/")
    assert "photo[U+202E]gpj.exe" in answer.content.decode()
    assert "\u202e" not in answer.content.decode()
    assert int(answer["Content-Length"]) == len(answer.content)


@pytest.mark.parametrize("path", ["/", "/account/", "/account/tokens/new/", "/people/", "/ledger/"])
def test_a_page_takes_no_method_it_does_not_serve(
    path: str, admin: Person, client_of: Callable[[Person], Client]
) -> None:
    for method in ("PUT", "DELETE", "TRACE", "PATCH"):
        assert client_of(admin).generic(method, path).status_code == 405


def test_a_program_that_sends_a_broken_form_is_answered_in_its_own_words(analyst: Person) -> None:
    answer = Client().post("/api/intake", b"x", content_type="multipart/form-data; boundary=y")
    assert answer["Content-Type"].startswith("application/json")
