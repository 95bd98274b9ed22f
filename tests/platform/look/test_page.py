"""Every page carries the menu of its person, in their language and theme."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client, RequestFactory

from tocsin.platform.look.context import menu_of, page, zone
from tocsin.rooms.accounts.models import Person

pytestmark = pytest.mark.django_db


def titles(person: Person, path: str = "/") -> dict[str, bool]:
    request = RequestFactory().get(path)
    request.user = person
    return {str(line.url): line.current for line in menu_of(request)}


def test_a_person_sees_the_rooms_of_their_role_only(analyst: Person, outsider: Person) -> None:
    assert set(titles(outsider)) < set(titles(analyst))


def test_the_menu_tells_where_one_is(analyst: Person) -> None:
    assert [url for url, current in titles(analyst).items() if current] == ["/"]
    assert not titles(analyst, "/account/")["/"]


def test_the_menu_is_made_only_when_asked_for(analyst: Person, django_assert_num_queries: Callable[..., Any]) -> None:
    request = RequestFactory().get("/")
    request.user = analyst
    with django_assert_num_queries(0):
        page(request)


@pytest.mark.parametrize("name", ["UTC", "", "Mars/Olympus", "../../etc/passwd"])
def test_a_zone_nobody_knows_is_no_zone(name: str) -> None:
    assert zone(name) is None


def test_a_page_speaks_the_language_and_wears_the_theme_of_the_person(
    analyst: Person, client_of: Callable[[Person], Client]
) -> None:
    analyst.language, analyst.theme = "fr", "dark"
    analyst.save()
    response = client_of(analyst).get("/account/", headers={"accept-language": "en"})
    assert b'<html lang="fr" data-theme="dark">' in response.content
    assert "HX-Request" in response.headers["Vary"]


def test_a_theme_nobody_knows_is_the_default(analyst: Person, client_of: Callable[[Person], Client]) -> None:
    analyst.theme = '"><x'
    analyst.save()
    assert b'data-theme="auto"' in client_of(analyst).get("/account/").content


def test_a_page_has_no_inline_script_or_style(analyst: Person, client_of: Callable[[Person], Client]) -> None:
    content = client_of(analyst).get("/").content.decode()
    assert "<script>" not in content
    assert "<style" not in content
    assert " style=" not in content


@pytest.mark.parametrize("path", ["/nowhere/", "/alerts/00000000-0000-7000-8000-000000000000/"])
def test_what_is_not_there_keeps_the_menu_and_says_nothing_else(
    analyst: Person, client_of: Callable[[Person], Client], path: str
) -> None:
    response = client_of(analyst).get(path)
    assert response.status_code == 404
    assert path not in response.content.decode()
    assert b"csrfmiddlewaretoken" not in response.content  # two of these pages are the same, byte for byte
