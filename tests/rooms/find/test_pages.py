"""The box on every page, the page of results, and the route for programs."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from tests.architecture.test_routes import bearer
from tocsin.platform.search import indexing
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.constituency.models import Organisation
from tocsin.rooms.incidents import actions

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _things(responder: Person) -> None:
    for number in range(25):
        incident = actions.open_incident(
            actor=responder,
            title=f"Wave {number} <b>bold</b>",
            organisations=[Organisation.objects.get(code="DEPA")],
            summary="They used <script>alert(1)</script> on evil.example",
        )
    actions.note(incident, text="=cmd|' /C calc'!A0 in a cell", author=responder)
    indexing.index()


def test_the_box_stands_on_every_page(responder: Person, client_of: Callable[[Person], Client]) -> None:
    html = client_of(responder).get("/incidents/").content.decode()
    assert 'role="search"' in html
    assert html.index('name="q"') < html.index('name="text"')  # the key / goes to the first


def test_results_are_shown_with_what_narrows_them(responder: Person, client_of: Callable[[Person], Client]) -> None:
    client = client_of(responder)
    html = client.get("/search/?q=wave").content.decode()
    assert "25 results" in html
    assert "&lt;b&gt;bold&lt;/b&gt;" in html
    assert "?q=wave&amp;kind=incident" in html
    assert "?q=wave&amp;organisation=DEPA" in html
    assert html.count("<li>\n      <h2>") == 20
    rest = client.get("/search/?q=wave&from=20").content.decode()
    assert rest.count("<li>\n      <h2>") == 5


def test_what_others_wrote_stays_text(responder: Person, client_of: Callable[[Person], Client]) -> None:
    html = client_of(responder).get("/search/?q=alert").content.decode()
    assert "<script>alert" not in html
    assert "&lt;script&gt;<mark>alert</mark>(1)" in html


def test_nothing_says_what_to_do(responder: Person, client_of: Callable[[Person], Client]) -> None:
    html = client_of(responder).get("/search/?q=zebra&kind=note").content.decode()
    assert "Nothing that you may see" in html
    assert "Search everything" in html
    assert client_of(responder).get("/search/").status_code == 200


@pytest.mark.parametrize(
    "query", ["from=-1", "from=9999999999", "from=²", "kind=%00", "organisation=NOPE", "span=x", "q=%00"]
)
def test_bad_questions_get_a_page(query: str, responder: Person, client_of: Callable[[Person], Client]) -> None:
    assert client_of(responder).get(f"/search/?q=wave&{query}").status_code in {200, 400}


def test_outsiders_find_nothing(outsider: Person, officer_b: Person, client_of: Callable[[Person], Client]) -> None:
    for person in (outsider, officer_b):
        assert "Wave" not in client_of(person).get("/search/?q=wave").content.decode().replace('value="wave"', "")


def test_programs_search_too(responder: Person, client_of: Callable[[Person], Client]) -> None:
    told = Client(headers=bearer(responder)).get("/api/search?q=evil.example").json()
    assert told["count"] == 25
    assert told["items"][0]["kind"] in {"incident", "observable"}
    assert any("evil" in passage for passage in told["items"][0]["passages"])
