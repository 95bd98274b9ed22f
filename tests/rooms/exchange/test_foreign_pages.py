"""The pages of foreign desks, their door for calls, and mails that bear the tag of a ticket."""

from __future__ import annotations

import time
from collections.abc import Callable
from email.message import EmailMessage

import orjson
import pytest
from django.test import Client

from tests.rooms.exchange.foreign import comment, concerning, tell, ticket_of
from tests.rooms.incidents.talking import OFFICER, converse
from tocsin.platform import webhooks
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.constituency.models import Membership, Organisation
from tocsin.rooms.exchange import actions, queries
from tocsin.rooms.exchange.actions import carrying
from tocsin.rooms.exchange.models import ForeignDesk, Passing, Ticket
from tocsin.rooms.incidents import actions as incidents
from tocsin.rooms.incidents.models import Incident
from tocsin.rooms.notices import actions as notices

pytestmark = pytest.mark.django_db
ClientOf = Callable[[Person], Client]
FORM = {
    "organisation": "DEPA", "base_url": "https://rt.a.example/", "queue": "Incidents", "token": "1-14-abcdef",
    "sends_states": "on", "theirs": "stalled = acknowledged\nopen =", "ours": "closed = done", "rtname": "depa",
}  # fmt: skip


@pytest.fixture
def desk(admin: Person) -> ForeignDesk:
    return actions.set_up_desk(
        actor=admin, organisation=Organisation.objects.get(code="DEPA"), base_url="https://rt.a.example",
        queue="Incidents", token="1-14-abcdef", rtname="depa",
    )  # fmt: skip


@pytest.fixture
def ticket(desk: ForeignDesk, responder: Person) -> Ticket:
    """A ticket that is mirrored, of an incident that concerns two."""
    incident = concerning(responder, "DEPA", "DEPB")
    tell(responder, incident)
    carrying.open_tickets(desk)
    Ticket.objects.update(number="123", state="live", state_there="open")
    return ticket_of(incident)


def shown(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, path
    return answer.content.decode()


def test_an_administrator_sets_a_desk_up_and_its_token_is_never_shown(admin: Person, client_of: ClientOf) -> None:
    client = client_of(admin)
    answer = client.post("/exchange/desks/new/", FORM)
    desk = ForeignDesk.objects.get()
    assert answer["Location"] == f"/exchange/desks/{desk.uuid}/"
    assert desk.states == {"theirs": {"stalled": "acknowledged", "open": ""}, "ours": {"closed": "done"}}
    page = shown(client, answer["Location"])
    assert "1-14-abcdef" not in page
    assert actions.hook_secret(desk) in page
    assert "stalled = acknowledged" in page
    assert "https://rt.a.example" in shown(client, "/exchange/desks/")
    kept = bytes(desk.token)
    client.post(answer["Location"], FORM | {"token": "", "queue": "Other"})
    desk.refresh_from_db()
    assert (desk.queue, bytes(desk.token)) == ("Other", kept)
    client.post(f"{answer['Location']}run/", {"active": "0"})
    assert "stopped" in shown(client, answer["Location"])


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("base_url", "http://rt.a.example", "https:// only"),
        ("theirs", "resolved = wonderful", "what it can mean here"),
        ("ours", "finished = resolved", "is no state of an incident"),
        ("ours", "closed", "state = meaning"),
        ("token", "two words", "This is no token"),
        ("rtname", "a] #1 [b", "Letters, digits"),
        ("organisation", "OTHER", "Select a valid choice"),
    ],
)
def test_what_is_wrong_in_the_form_is_said(
    admin: Person, client_of: ClientOf, field: str, value: str, said: str
) -> None:
    answer = client_of(admin).post("/exchange/desks/new/", FORM | {field: value})
    assert said in answer.content.decode()
    assert not ForeignDesk.objects.exists()


def test_a_desk_is_nothing_to_others(desk: ForeignDesk, chart: dict[str, Person], client_of: ClientOf) -> None:
    other = chart["outsider"]
    Membership.objects.create(person=other, role="administrator", organisation=Organisation.objects.get(code="DEPB"))
    for path in ("", "try/", "run/"):
        assert client_of(other).post(f"/exchange/desks/{desk.uuid}/{path}", FORM).status_code == 404
        assert client_of(chart["officer_a"]).post(f"/exchange/desks/{desk.uuid}/{path}", FORM).status_code == 403
    assert "rt.a.example" not in shown(client_of(other), "/exchange/desks/")


def test_the_tab_shows_the_ticket_and_what_passed(ticket: Ticket, responder: Person, client_of: ClientOf) -> None:
    client, path = client_of(responder), f"/incidents/{ticket.incident.uuid}/elsewhere/"
    Passing.objects.create(ticket=ticket, way="in", state="done", transaction="9", text="<b>Isolated</b>")
    Ticket.objects.update(state="resting", trouble="Too much of it")
    ForeignDesk.objects.update(failing_since="2026-01-02T03:04:05Z", trouble="RT does not take the token")
    page = shown(client, path)
    assert 'href="https://rt.a.example/Ticket/Display.html?id=123"' in page
    for text in ("&lt;b&gt;Isolated", "Too much of it", "RT does not take the token", "Mirror now"):
        assert text in page
    client.post(f"{path}{ticket.uuid}/now/")
    ticket.refresh_from_db()
    assert (ticket.state, ticket.trouble, ticket.unheard) == ("live", "", True)


def test_an_incident_of_earlier_gets_its_ticket_by_hand(
    desk: ForeignDesk, responder: Person, client_of: ClientOf
) -> None:
    incident = concerning(responder, "DEPA")
    path = f"/incidents/{incident.uuid}/elsewhere/"
    begin = f"{path}{incident.entities.get().uuid}/begin/"
    client = client_of(responder)
    assert "Tell the organisation first" in client.post(begin, follow=True).content.decode()
    tell(responder, incident)
    ForeignDesk.objects.update(since="2030-01-01T00:00:00Z")
    assert carrying.open_tickets(ForeignDesk.objects.get()) == 0
    client.post(begin)
    assert ticket_of(incident).state == "waiting"
    assert "There is a ticket already" in client.post(begin, follow=True).content.decode()


def call(desk: ForeignDesk, number: str = "123", *, secret: str = "", age: int = 0, body: bytes = b"") -> int:
    given, at = body or orjson.dumps({"ticket": number}), int(time.time()) - age
    signature = webhooks.signature(secret or actions.hook_secret(desk), "msg_1", at, given)
    headers = {"webhook-id": "msg_1", "webhook-timestamp": str(at), "webhook-signature": f"v1,eA== {signature}"}
    answer = Client().post(f"/called/desk/{desk.uuid}/", given, content_type="application/json", headers=headers)
    return answer.status_code


def test_a_signed_call_makes_a_ticket_be_looked_at(ticket: Ticket, responder: Person) -> None:
    desk = ticket.desk
    wrong = [
        call(desk, secret=webhooks.secret_for("x", "y")), call(desk, age=400), call(desk, age=-400),
        Client().post(f"/called/desk/{desk.uuid}/", b"{}", content_type="application/json").status_code,
        Client().post(f"/called/desk/{ticket.uuid}/", b"{}", content_type="application/json").status_code,
    ]  # fmt: skip
    assert wrong == [403] * 5
    assert [call(desk, "999"), call(desk, body=b"[]"), call(desk, body=b"\xff")] == [204] * 3
    assert not Ticket.objects.filter(unheard=True).exists()
    assert call(desk) == 204
    assert Ticket.objects.filter(unheard=True).count() == 1
    incidents.seal(actor=responder, incident=ticket.incident, people=[])
    assert call(desk) == 204, "nobody learns by it what is sealed"
    assert not Ticket.objects.filter(unheard=True).exists()


def mail(subject: str, text: str = "It is isolated.", sender: str = "officer_a@tocsin.example") -> bytes:
    written = EmailMessage()
    written["From"], written["To"], written["Subject"] = sender, "tocsin@tocsin.example", subject
    written["Message-ID"] = f"<{abs(hash((subject, text)))}@a.example>"
    written.set_content(text)
    return written.as_bytes()


def test_mails_bear_the_tag_of_the_ticket_and_find_their_way_by_it(ticket: Ticket, responder: Person) -> None:
    incident = Incident.objects.get(pk=ticket.incident_id)
    sent = converse(responder, incident, OFFICER)
    assert sent.message.subject.endswith("] [depa #123] What we know")
    letter = notices.take(mail("Re: [depa #123] AutoReply: something else"))
    assert letter.thread == sent.thread
    assert incident.timeline.filter(event="wrote", text__contains="isolated").count() == 1
    for subject in ("[depa #124] x", "[other #123] x", "depa #123", "[depa #123] [depa #999999999999999999999] x"):
        taken = notices.take(mail(subject, f"about {subject}"))
        assert (taken.thread == sent.thread) == subject.startswith("[depa #123]"), subject
    incidents.seal(actor=responder, incident=incident, people=[])
    assert notices.take(mail("[depa #123] after the seal")).thread is None


def test_what_came_by_mail_is_never_sent_back(ticket: Ticket, responder: Person) -> None:
    incident = Incident.objects.get(pk=ticket.incident_id)
    converse(responder, incident, OFFICER)
    notices.take(mail("[depa #123] Re"))
    comment(responder, incident, "Ours")
    texts = [entry.text for entry in queries.entries_for(ticket)]
    assert "Ours" in texts
    assert not any("isolated." in text for text in texts)
    assert not any("DEPB" in text for text in texts)


def test_a_ticket_goes_along_when_incidents_become_one(ticket: Ticket, responder: Person) -> None:
    source, target = ticket.incident, concerning(responder, "DEPA", title="The larger one")
    incidents.merge(actor=responder, source=source, target=target)
    ticket.refresh_from_db()
    assert (ticket.incident, ticket.entity.incident) == (target, target)
    incidents.seal(actor=responder, incident=target, people=[])
    ticket.refresh_from_db()
    assert ticket.state == "stopped"
