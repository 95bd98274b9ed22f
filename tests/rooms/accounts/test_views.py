"""Views of lists that people save for themselves."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from tocsin.rooms.accounts import actions, queries
from tocsin.rooms.accounts.models import SavedView

if TYPE_CHECKING:
    from django.test import Client

    from tocsin.rooms.accounts.models import Person

ClientOf = Callable[["Person"], "Client"]
MINE = {"path": "/alerts/", "name": "Mine, serious", "query": "assignee=me&level=3-&q=&cursor=abc&export=csv"}


def test_a_view_is_saved_shown_and_removed(analyst: Person, client_of: ClientOf) -> None:
    client = client_of(analyst)
    answer = client.post("/views/", MINE)
    assert answer["Location"] == "/alerts/?assignee=me&level=3-"
    page = client.get("/alerts/").content.decode()
    assert 'href="?assignee=me&amp;level=3-"' in page
    assert "Mine, serious" in page
    assert "Mine, serious" not in client.get("/incidents/").content.decode()
    shown = client.get("/alerts/?assignee=me&level=3-").content.decode()
    assert "Remove this view" in shown
    view = SavedView.objects.get()
    client.post(f"/views/{view.uuid}/remove/")
    assert not SavedView.objects.exists()


def test_the_same_name_again_replaces_it(analyst: Person, client_of: ClientOf) -> None:
    client = client_of(analyst)
    client.post("/views/", MINE)
    client.post("/views/", MINE | {"query": "state=closed"})
    assert [view.query for view in queries.views_of(analyst, "/alerts/")] == ["state=closed"]


def test_views_are_ones_own(analyst: Person, responder: Person, client_of: ClientOf) -> None:
    client_of(analyst).post("/views/", MINE)
    assert b"Mine, serious" not in client_of(responder).get("/alerts/").content
    view = SavedView.objects.get()
    assert client_of(responder).post(f"/views/{view.uuid}/remove/").status_code == 404
    actions.remove_view(person=responder, view=view)
    assert SavedView.objects.exists()


@pytest.mark.parametrize(
    "given",
    [
        {"path": "https://elsewhere.example/"},
        {"path": "//elsewhere.example/"},
        {"path": "/nowhere/"},
        {"path": ""},
        {"name": ""},
        {"name": "x" * 61},
        {"query": "x" * 1001},
    ],
)
def test_what_is_no_list_of_this_house_is_refused(analyst: Person, client_of: ClientOf, given: dict[str, str]) -> None:
    answer = client_of(analyst).post("/views/", MINE | given)
    assert answer["Location"] == "/"
    assert not SavedView.objects.exists()


def test_a_name_is_only_text(analyst: Person, client_of: ClientOf) -> None:
    client = client_of(analyst)
    client.post("/views/", MINE | {"name": "<script>x</script>", "query": 'q="><script>y</script>'})
    page = client.get("/alerts/").content.decode()
    assert "<script>x" not in page
    assert "<script>y" not in page


def test_there_is_an_end_to_them(analyst: Person, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(actions, "VIEWS_MOST", 1)
    client = client_of(analyst)
    client.post("/views/", MINE)
    client.post("/views/", MINE | {"name": "Another"})
    assert [view.name for view in queries.views_of(analyst, "/alerts/")] == ["Mine, serious"]
    client.post("/views/", MINE | {"query": "state=new"})
    assert SavedView.objects.get().query == "state=new"


@pytest.mark.parametrize("query", ["q=" + "é" * 900, "é" * 900, "cursor=x", ""])
def test_filters_that_cannot_be_kept_are_refused(analyst: Person, client_of: ClientOf, query: str) -> None:
    assert client_of(analyst).post("/views/", MINE | {"query": query})["Location"] == "/"
    assert not SavedView.objects.exists()
