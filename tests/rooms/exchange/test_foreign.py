"""Incidents mirrored with a real Request Tracker: out, in, never in circles, never what is sealed or another's."""

from __future__ import annotations

import pytest

from tests.rooms.exchange.foreign import comment, concerning, mirrored, said_in, set_up, tell, ticket_of
from tests.tracker import FIELD, Tracker
from tocsin.platform.models import AuditEntry, GateEntry
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.exchange.models import ForeignDesk, Passing, Ticket
from tocsin.rooms.incidents import actions as incidents

pytestmark = pytest.mark.django_db


def test_what_concerns_an_organisation_becomes_a_ticket_with_its_own_facts_alone(
    admin: Person, responder: Person, tracker: Tracker
) -> None:
    set_up(admin, tracker)
    incident = concerning(responder, "DEPA", "DEPB", title="Beacons from DEPA and Name of DEPB")
    before = tracker.tickets()
    mirrored()
    assert tracker.tickets() == before, "nobody was told yet"
    tell(responder, incident)
    mirrored(2)
    ticket = ticket_of(incident)
    assert tracker.tickets() == [*before, int(ticket.number)]
    there = tracker.ask(f"ticket/{ticket.number}")
    assert there["Subject"] == f"[Tocsin {incident.reference}/DEPA] Beacons from DEPA and [name withheld]"
    assert [f["values"] for f in there["CustomFields"] if f["name"] == FIELD] == [[f"{incident.reference}/DEPA"]]
    (text,) = tracker.texts(ticket.number)
    for part in ("Host of DEPA", "Only for DEPA", "For all concerned", "Please isolate.", incident.reference):
        assert part in text
    for part in ("DEPB", "For the team alone"):
        assert part not in text
    assert ticket.state == "live"
    assert ticket.trouble == ""
    assert ticket.state_there == "new"
    assert GateEntry.objects.filter(action="ticket", allowed=True, recipient_organisation="DEPA").exists()
    assert AuditEntry.objects.filter(verb="exchange.ticket_opened").exists()
    assert incident.timeline.filter(event="ticket_opened").count() == 1


def test_what_is_written_and_done_there_is_seen_here(admin: Person, responder: Person, tracker: Tracker) -> None:
    set_up(admin, tracker, answers=True)
    incident = concerning(responder, "DEPA")
    tell(responder, incident)
    mirrored(2)
    ticket = ticket_of(incident)
    attached = {"FileName": "log\x07.txt", "FileType": "text/plain", "FileContent": "aGVsbG8="}
    tracker.reply(
        ticket.number, "<p>Host is <b>isolated</b><script>alert(1)</script></p>", ContentType="text/html",
        Attachments=[attached],
    )  # fmt: skip
    tracker.set_state(ticket.number, "resolved")
    mirrored(3)
    (text,) = said_in(incident)
    assert text.startswith("Host is isolated\nAttached there: log")
    assert "alert" not in text
    assert "hello" not in text
    ticket.refresh_from_db()
    assert ticket.state_there == "resolved"
    assert ticket.last_in_at is not None
    assert [e.details["now"] for e in incident.timeline.filter(event="ticket_state")] == ["open", "resolved"]
    assert not said_in(concerning(responder, "DEPB"))


def test_nothing_goes_in_circles(admin: Person, responder: Person, tracker: Tracker) -> None:
    set_up(admin, tracker)
    incident = concerning(responder, "DEPA")
    tell(responder, incident)
    mirrored(2)
    number = ticket_of(incident).number
    comment(responder, incident, "Second word")
    mirrored()
    tracker.reply(number, "An answer")
    tracker.reply(number, tracker.texts(number)[1])  # a mail robot that sends back what it got
    mirrored(5)
    written = tracker.texts(number)
    assert len(written) == 4
    assert "Second word" in written[1]
    assert said_in(incident) == ["An answer"]
    assert Passing.objects.filter(way="out").exclude(state="done").count() == 0
    assert Passing.objects.filter(way="out", transaction="").count() == 0, "each of ours was recognised there"
    assert ForeignDesk.objects.get().trouble == ""


def test_states_here_are_given_to_the_ticket(admin: Person, responder: Person, tracker: Tracker) -> None:
    set_up(admin, tracker)
    incident = concerning(responder, "DEPA")
    tell(responder, incident)
    mirrored(2)
    ticket = ticket_of(incident)
    incidents.advance(actor=responder, incident=incident, event="acknowledge")
    incidents.reject(actor=responder, incident=incident, disposition="refuted")
    mirrored(3)
    assert tracker.state(ticket.number) == "rejected"
    assert "not an incident" in tracker.texts(ticket.number)[1]
    ticket.refresh_from_db()
    assert (ticket.trouble, ticket.state_there) == ("", "rejected")


def test_sealing_stops_it_at_once(admin: Person, responder: Person, tracker: Tracker) -> None:
    set_up(admin, tracker)
    incident, other = concerning(responder, "DEPA"), concerning(responder, "DEPA", title="Sealed before")
    for each in (incident, other):
        tell(responder, each)
    incidents.seal(actor=responder, incident=other, people=[])
    mirrored(2)
    assert not Ticket.objects.filter(incident=other).exists()
    number = ticket_of(incident).number
    comment(responder, incident, "Just written")
    incidents.seal(actor=responder, incident=incident, people=[])
    tracker.reply(number, "Written there after the seal")
    mirrored(3)
    assert len(tracker.texts(number)) == 2
    assert said_in(incident) == []
    assert ticket_of(incident).state == "stopped"
    incidents.unseal(actor=responder, incident=incident)
    mirrored(2)
    assert len(tracker.texts(number)) == 2, "it goes on when somebody says so"
    assert said_in(incident) == []
