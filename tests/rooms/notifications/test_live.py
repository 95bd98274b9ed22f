"""News of open pages: who did what, to whom it is told, and the tag by which nothing is made anew."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tocsin.platform import opaque
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.constituency.models import Membership, Organisation
from tocsin.rooms.incidents import actions as incidents
from tocsin.rooms.incidents.models import Incident
from tocsin.rooms.notifications import actions
from tocsin.rooms.notifications.models import Notification, Presence
from tocsin.rooms.notifications.queries import live

pytestmark = pytest.mark.django_db
ClientOf = Callable[[Person], Client]


def address(incident: Incident | None = None) -> str:
    """Give what a page asks that was made just now."""
    now = timezone.now().timestamp()
    if incident is None:
        return f"/live/?since={now}&made={now}"
    shown = Incident.objects.get(pk=incident.pk).updated_at.timestamp()
    return f"/live/incident/{incident.uuid}/?since={shown}&made={now}"


def again(client: Client, url: str, answer: Any) -> Any:
    return client.get(url, headers={"If-None-Match": answer["ETag"]})


def settled(client: Client, url: str) -> Any:
    """Ask twice: the first time notes who looks, which is news by itself."""
    client.get(url)
    return client.get(url)


def test_it_tells_who_did_what_and_when(
    incident: Incident, ciso: Person, responder: Person, client_of: ClientOf
) -> None:
    url, client = address(incident), client_of(ciso)
    assert client.get(url).json()["changes"] == []
    incidents.comment(actor=responder, incident=incident, text="The host burns.\nSecond line.")
    told = client.get(url).json()
    assert [(each["who"], each["what"]) for each in told["changes"]] == [("Responder", "The host burns.")]
    assert told["said"] == "1 change"


def test_it_tells_nobody_of_their_own_doing(incident: Incident, ciso: Person, client_of: ClientOf) -> None:
    url = address(incident)
    incidents.comment(actor=ciso, incident=incident, text="Mine")
    assert client_of(ciso).get(url).json()["changes"] == []


def test_it_tells_of_what_the_house_did(incident: Incident, ciso: Person, client_of: ClientOf) -> None:
    url = address(incident)
    incidents.note(incident, "risen", author=None, reason="no_owner")
    assert [each["who"] for each in client_of(ciso).get(url).json()["changes"]] == [""]


def test_long_news_are_cut_and_counted(
    incident: Incident, ciso: Person, responder: Person, client_of: ClientOf
) -> None:
    url = address(incident)
    for number in range(5):
        incidents.comment(actor=responder, incident=incident, text=f"{number} " + "x" * 400)
    told = client_of(ciso).get(url).json()
    assert [len(each["what"]) for each in told["changes"]] == [120] * 3
    assert told["said"] == "More than 3 changes"


def test_an_officer_hears_only_of_their_part(
    incident: Incident, officer_a: Person, responder: Person, client_of: ClientOf
) -> None:
    url = address(incident)
    incidents.comment(actor=responder, incident=incident, text="Between us teams")
    incidents.comment(
        actor=responder, incident=incident, text="For you", entity=incident.entities.get(), audience="entity"
    )
    told = client_of(officer_a).get(url).json()
    assert [each["what"] for each in told["changes"]] == ["For you"]
    assert "here" not in told  # who of the teams looks at it is theirs


@pytest.mark.parametrize("name", ["outsider", "officer_b", "admin"])
def test_outsiders_get_what_does_not_exist(
    name: str, incident: Incident, chart: Mapping[str, Person], client_of: ClientOf
) -> None:
    client = client_of(chart[name])
    here, nowhere = client.get(address(incident)), client.get(f"/live/incident/{uuid4()}/?since=0&made=0")
    assert (here.status_code, here.content) == (nowhere.status_code, nowhere.content)
    assert here.status_code == 404


def test_a_list_tells_of_what_one_may_know_of(
    incident: Incident, officer_b: Person, officer_a: Person, responder: Person, client_of: ClientOf
) -> None:
    url = f"/live/incidents/?since={timezone.now().timestamp()}&made=0"
    incidents.comment(actor=responder, incident=incident, text="x")
    assert client_of(officer_b).get(url).json()["changes"] == []
    (told,) = client_of(officer_a).get(url).json()["changes"]
    assert told["what"] == f"{incident.reference} Macro at DEPA"


@pytest.mark.parametrize("since", ["", "x", "nan", "inf", "-1e400", "1e30", "%00"])
def test_strange_moments_are_now(since: str, incident: Incident, ciso: Person, client_of: ClientOf) -> None:
    answer = client_of(ciso).get(f"/live/incident/{incident.uuid}/?since={since}&made={since}")
    assert answer.status_code == (400 if since == "%00" else 200)


def test_an_unknown_subject_is_not_there(ciso: Person, client_of: ClientOf) -> None:
    assert client_of(ciso).get("/live/nothing/").status_code == 404
    assert client_of(ciso).get("/live/incident/").status_code == 404
    assert client_of(ciso).get(f"/live/incidents/{uuid4()}/").status_code == 404


def test_one_query_says_that_nothing_is_new(incident: Incident, ciso: Person, client_of: ClientOf) -> None:
    client, url = client_of(ciso), address(incident)
    first = settled(client, url)
    with CaptureQueriesContext(connection) as made:
        second = again(client, url, first)
    assert (second.status_code, len(made), second.content) == (304, 1, b"")


@pytest.mark.parametrize("change", ["entry", "line", "read"])
def test_what_changes_ends_the_tag(
    change: str, incident: Incident, ciso: Person, responder: Person, client_of: ClientOf
) -> None:
    client, url = client_of(ciso), address(incident)
    actions.notify(people=[ciso], kind="risen", about=incident)
    first = settled(client, url)
    if change == "entry":
        incidents.comment(actor=responder, incident=incident, text="x")
    elif change == "line":
        actions.notify(people=[ciso], kind="deadline_late", about=incident)
    else:
        actions.mark_all_read(person=ciso)
    assert again(client, url, first).status_code == 200


def test_a_seal_ends_the_tag_at_once(incident: Incident, ciso: Person, responder: Person, client_of: ClientOf) -> None:
    client, url = client_of(ciso), address(incident)
    first = settled(client, url)
    incidents.seal(actor=responder, incident=incident, people=[])
    answer = again(client, url, first)
    assert answer.status_code == 404
    assert incident.reference.encode() not in answer.content


def test_a_tag_opens_nothing(incident: Incident, ciso: Person, analyst: Person, client_of: ClientOf) -> None:
    client, url = client_of(ciso), address(incident)
    first = settled(client, url)
    assert again(client_of(analyst), url, first).status_code == 200  # another sign-in: made anew, for them
    assert again(Client(), url, first).status_code == 302
    assert again(client, f"{url}0", first).status_code == 200  # another address
    for forged in ("x", '"', opaque.shut("1|2"), opaque.shut("|" * 8), first["ETag"][:-9]):
        assert client.get(url, headers={"If-None-Match": forged}).status_code == 200
    client.logout()
    assert again(client, url, first).status_code == 302


def test_a_tag_ends_with_the_sign_in_and_the_account(incident: Incident, ciso: Person, client_of: ClientOf) -> None:
    client, url = client_of(ciso), address(incident)
    first = settled(client, url)
    Person.objects.filter(pk=ciso.pk).update(is_active=False)
    assert again(client, url, first).status_code == 302
    Person.objects.filter(pk=ciso.pk).update(is_active=True)
    assert again(client, url, first).status_code == 304
    client.session.flush()
    assert again(client, url, first).status_code == 302


def test_rights_are_read_again_after_a_minute(
    incident: Incident, ciso: Person, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, url = client_of(ciso), address(incident)
    first = settled(client, url)
    later = timezone.now() + live.HOLDS + timedelta(seconds=1)
    monkeypatch.setattr(timezone, "now", lambda: later)
    second = again(client, url, first)
    assert (second.status_code, second["ETag"] != first["ETag"]) == (304, True)
    Membership.objects.filter(person=ciso).delete()
    assert again(client, url, second).status_code == 304  # for this minute
    assert again(client, url, first).status_code == 404


def test_every_few_minutes_the_answer_is_made_anew(
    incident: Incident, ciso: Person, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, url = client_of(ciso), address(incident)
    first = settled(client, url)
    later = timezone.now() + live.ANEW + timedelta(seconds=1)
    monkeypatch.setattr(timezone, "now", lambda: later)
    assert again(client, url, first).status_code == 200


def test_who_comes_to_the_page_is_news(
    incident: Incident, ciso: Person, responder: Person, client_of: ClientOf
) -> None:
    client, url = client_of(ciso), address(incident)
    first = settled(client, url)
    client_of(responder).get(address(incident))
    answer = again(client, url, first)
    assert (answer.status_code, answer.json()["here"]) == (200, ["Responder"])


def test_those_who_handle_it_know_of_each_other(
    incident: Incident, ciso: Person, responder: Person, officer_a: Person, client_of: ClientOf
) -> None:
    for person in (responder, officer_a):
        client_of(person).get(address(incident))
    assert client_of(ciso).get(address(incident)).json()["here"] == ["Responder"]
    assert Presence.objects.count() == 2
    Presence.objects.update(seen_at=timezone.now() - live.STAYS)
    assert client_of(responder).get(address(incident)).json()["here"] == []
    assert actions.forget_presence() == 1


def test_opening_the_page_reads_its_lines(
    incident: Incident, ciso: Person, responder: Person, client_of: ClientOf
) -> None:
    client = client_of(ciso)
    actions.notify(people=[ciso], kind="risen", about=incident)
    incidents.comment(actor=responder, incident=incident, text="@ciso look")
    assert client.get(address()).json()["unread"] == 2
    made = address(incident)
    actions.notify(people=[ciso], kind="deadline_late", about=incident)  # after the page was made
    assert client.get(made).json()["unread"] == 1
    assert list(Notification.objects.filter(read_at=None).values_list("kind", flat=True)) == ["deadline_late"]


def test_it_asks_little(incident: Incident, ciso: Person, responder: Person, client_of: ClientOf) -> None:
    client = client_of(ciso)
    for number in range(30):
        incidents.comment(actor=responder, incident=incident, text=f"@ciso {number}")
    with CaptureQueriesContext(connection) as made:
        client.get(address(incident))
    assert len(made) <= 14  # the first time; it notes who looks, and what was read by that


def test_the_page_says_what_it_is_about(incident: Incident, ciso: Person, client_of: ClientOf) -> None:
    page = client_of(ciso).get(f"/incidents/{incident.uuid}/").content.decode()
    assert f'data-live="/live/incident/{incident.uuid}/"' in page
    shown = Incident.objects.get().updated_at
    assert f'data-since="{shown:%s}.{shown:%f}"'.replace(f"{shown:%s}", str(int(shown.timestamp()))) in page
    assert 'data-live="/live/incidents/"' in client_of(ciso).get("/incidents/").content.decode()
    department = Organisation.objects.get(code="DEPA")
    assert 'data-live="/live/"' in client_of(ciso).get(f"/organisations/{department.uuid}/").content.decode()
