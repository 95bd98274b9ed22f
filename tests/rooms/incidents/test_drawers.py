"""The forms of an incident's page come when they are opened, for those who may use them, and lose nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest
from django.test import Client

from tocsin.rooms.accounts.models import Person
from tocsin.rooms.incidents.models import Incident
from tocsin.rooms.incidents.pages import drawers

EVERY = (*drawers.HANDLE, drawers.COMMENT, drawers.EVENT, drawers.TASK, drawers.ORGANISATION, drawers.INFORM)
PIECE = {"HX-Request": "true"}


@pytest.fixture(autouse=True)
def in_triage(incident: Incident) -> None:
    """Bring it to where every drawer is open."""
    Incident.objects.update(state=Incident.State.TRIAGE)


def address(incident: Incident, drawer: drawers.Drawer) -> str:
    from django.urls import reverse

    return reverse(drawer.url_name, args=[incident.uuid])


@pytest.mark.django_db
@pytest.mark.parametrize("drawer", EVERY, ids=lambda drawer: drawer.url_name)
def test_a_drawer_opens_within_the_page_and_by_itself(
    drawer: drawers.Drawer, incident: Incident, chart: Mapping[str, Person], client_of: Callable[[Person], Client]
) -> None:
    client, at = client_of(chart["responder"]), address(incident, drawer)
    piece, page = client.get(at, headers=PIECE).content.decode(), client.get(at).content.decode()
    assert "<html" not in piece
    assert f'action="{at}"' in piece
    assert str(drawer.button) in piece
    assert incident.reference in page
    if drawer is not drawers.CHANGE:  # which has a page of its own, sent to its own address
        assert f'action="{at}"' in page


@pytest.mark.django_db
@pytest.mark.parametrize("drawer", EVERY, ids=lambda drawer: drawer.url_name)
def test_it_stays_shut_for_who_may_not_use_it(
    drawer: drawers.Drawer, incident: Incident, chart: Mapping[str, Person], client_of: Callable[[Person], Client]
) -> None:
    at, expected = address(incident, drawer), 200 if drawer is drawers.COMMENT else 404
    assert client_of(chart["officer_a"]).get(at, headers=PIECE).status_code in {expected, 403}
    for name in ("officer_b", "outsider"):
        assert client_of(chart[name]).get(at, headers=PIECE).status_code in {403, 404}


@pytest.mark.django_db
def test_what_was_typed_stays_when_something_is_wrong(
    incident: Incident, chart: Mapping[str, Person], client_of: Callable[[Person], Client]
) -> None:
    client = client_of(chart["responder"])
    answer = client.post(f"/incidents/{incident.uuid}/task/", {"title": "A long <thought>", "due_at": "tomorrow"})
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "A long &lt;thought&gt;" in page
    assert "Enter a valid date/time." in page
    assert not incident.tasks.exists()


@pytest.mark.django_db
def test_the_page_itself_holds_no_form_that_is_not_open(
    incident: Incident, chart: Mapping[str, Person], client_of: Callable[[Person], Client]
) -> None:
    page = client_of(chart["responder"]).get(f"/incidents/{incident.uuid}/").content.decode()
    for drawer in drawers.HANDLE:
        assert f'hx-get="{address(incident, drawer)}"' in page
        assert f'action="{address(incident, drawer)}"' not in page
