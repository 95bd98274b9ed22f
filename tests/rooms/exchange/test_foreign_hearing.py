"""What is made of what comes from a foreign desk: states as answers, and servers that are hostile or none."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from tests.rooms.exchange.foreign import concerning, said_in, tell, ticket_of
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.constituency.models import Organisation
from tocsin.rooms.exchange import actions, knowledge
from tocsin.rooms.exchange.actions import carrying, hearing
from tocsin.rooms.exchange.actions.dialect import Text, Transaction, Trouble
from tocsin.rooms.exchange.actions.rt import Rt
from tocsin.rooms.exchange.models import ForeignDesk, Ticket
from tocsin.rooms.incidents.models import Incident
from tocsin.rooms.incidents.queries import matter_of
from tocsin.rooms.notices import actions as notices
from tocsin.rooms.notices import queries as notice_queries
from tocsin.rooms.notices.models import Part

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(admin: Person) -> ForeignDesk:
    made = actions.set_up_desk(
        actor=admin, organisation=Organisation.objects.get(code="DEPA"), base_url="https://rt.a.example", queue="q",
        token="1-2-3", answers=True,
    )  # fmt: skip
    ForeignDesk.objects.update(account="tocsin")
    return ForeignDesk.objects.get(pk=made.pk)


@pytest.fixture
def ticket(desk: ForeignDesk, responder: Person) -> Ticket:
    incident = concerning(responder, "DEPA")
    tell(responder, incident)
    carrying.open_tickets(desk)
    Ticket.objects.update(number="7", state="live", state_there="new")
    return ticket_of(incident)


@pytest.fixture
def asked(ticket: Ticket, responder: Person) -> Part:
    """What the organisation was asked about the incident, and has not answered."""
    notice = notices.draft(
        actor=responder, title="Look", kind="incident", severity=3, tlp="AMBER", facts={"DEPA": ()},
        matter=matter_of(Incident.objects.get(pk=ticket.incident_id)),
    )  # fmt: skip
    notices.send(actor=responder, notice=notice, seen=notice_queries.plan(notice.editions.get()).digest)
    return notice.parts.get()


def heard(ticket: Ticket, number: int, kind: str, creator: str, *, now: str = "", text: str = "") -> bool:
    """Take one transaction in as it comes from there."""
    at = timezone.now() + timedelta(days=number)  # a clock there that is ahead
    ticket.refresh_from_db()
    return hearing._take(ticket.desk, ticket, Transaction(number, kind, creator, at, now), Text(text), number)


def test_a_state_that_people_there_give_is_an_answer(ticket: Ticket, asked: Part) -> None:
    heard(ticket, 1, "Status", "RT_System", now="open")
    heard(ticket, 2, "Status", "tocsin", now="resolved")
    asked.refresh_from_db()
    assert asked.state == "told"
    heard(ticket, 3, "Status", "handler", now="stalled")
    heard(ticket, 4, "Status", "handler", now="resolved")
    asked.refresh_from_db()
    answer = asked.answers.get()
    assert (asked.state, answer.via, answer.name) == ("done", "ticket", "handler")
    assert "resolved" in answer.text
    heard(ticket, 5, "Status", "handler", now="rejected")  # over and settled: nothing is asked any more
    assert asked.answers.count() == 1


def test_a_desk_may_take_states_for_no_answer(ticket: Ticket, asked: Part) -> None:
    ForeignDesk.objects.update(answers=False)
    heard(ticket, 1, "Status", "handler", now="resolved")
    ForeignDesk.objects.update(answers=True, states={"theirs": {"rejected": ""}})
    heard(ticket, 2, "Status", "handler", now="rejected")
    asked.refresh_from_db()
    assert asked.state == "told"
    ticket.refresh_from_db()
    assert ticket.state_there == "rejected"


def test_the_same_comes_in_once_and_in_order(ticket: Ticket) -> None:
    for number in (1, 2, 2, 1, 3):
        heard(ticket, number, "Correspond", "handler", text=f"Word {number}")
    incident = Incident.objects.get(pk=ticket.incident_id)
    assert said_in(incident) == ["Word 1", "Word 2", "Word 3"]
    assert not incident.timeline.filter(time__gt=timezone.now()).exists(), "nothing comes from the future"
    heard(ticket, 4, "Correspond", "tocsin", text="Ours, without a marker")
    heard(ticket, 5, "Comment", "handler", text="Among themselves")
    heard(ticket, 6, "Correspond", "handler", text=" \n ")
    assert len(said_in(incident)) == 3


class _Server(BaseHTTPRequestHandler):
    said: tuple[int, bytes, dict[str, str]]

    def do_GET(self) -> None:
        status, body, headers = self.said
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: Any) -> None:
        """Say nothing."""


@contextmanager
def saying(status: int, body: bytes, **headers: str) -> Iterator[Rt]:
    """Run a server that says one thing, whatever it is asked."""
    handler = type("Saying", (_Server,), {"said": (status, body, headers)})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield Rt(f"http://127.0.0.1:{server.server_port}", "1-2-3")
        server.shutdown()


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (200, b"<html>Welcome", "it is no RT"),
        (200, b'{"Version": 5}', "it is no RT"),
        (200, b"[1, 2]", "it is no RT"),
        (200, b'"' + b"x" * (5 << 20) + b'"', "too long"),
        (301, b"", "RT says 301"),
        (401, b'{"message": "Unauthorized"}', "RT does not take the token"),
        (403, b'{"message": "No."}', "RT refuses: No. Give the account"),
        (404, b"", "RT does not know this"),
        (500, b"\xff\x00oops", "RT says 500"),
    ],
)
def test_a_server_that_is_no_rt_is_said_so(
    status: int, body: bytes, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOCSIN_WEBHOOK_NETWORKS", "127.0.0.0/8")
    with saying(status, body, Location="http://192.0.2.1/") as rt, pytest.raises(Trouble) as found:
        rt.version()
    assert said in str(found.value)
    assert "1-2-3" not in str(found.value)


@pytest.mark.parametrize(
    "body",
    [
        b'{"items": [null, 1, "x", {}, {"id": "\\u0661"}, {"id": "9999999999999999999999"}, {"id": -1}, {"id": {}}]}',
        b'{"items": []}',
    ],
)
def test_numbers_that_are_none_are_passed_over(body: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOCSIN_WEBHOOK_NETWORKS", "127.0.0.0/8")
    with saying(200, body) as rt:
        assert list(rt.history("1", 0)) == []
        assert rt.find("INC/DEPA", "it's") == []
        assert rt.changed(["1"]) == {}
        assert rt.text(1).text == ""


def test_names_there_hold_no_control_characters(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOCSIN_WEBHOOK_NETWORKS", "127.0.0.0/8")
    body = b'{"Status": "op\\u0000en\\n", "Creator": {"id": "a\\u0000b"}, "Version": "5\\u0000"}'
    with saying(200, body) as rt:
        there = rt.ticket("1")
        assert (there.state, there.creator, rt.version()) == ("open", "ab", "5")


def test_what_is_shipped_names_states_that_there_are() -> None:
    for kind in knowledge.desks().kinds:
        assert set(knowledge.theirs(kind, {}).values()) <= set(knowledge.ANSWERS)
        assert knowledge.ours(kind, {"ours": {"closed": ""}}).keys() == {"rejected"}
    with pytest.raises(ValidationError):
        knowledge.read_theirs("resolved")
    assert knowledge.read_theirs(knowledge.written({"a": "done", "b": ""})) == {"a": "done", "b": ""}
