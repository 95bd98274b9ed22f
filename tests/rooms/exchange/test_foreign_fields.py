"""Custom fields of an organisation's tickets hold facts of ours and follow them; what is not taken stops nothing."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from tests.rooms.exchange.foreign import comment, concerning, mirrored, set_up, tell, ticket_of
from tests.tracker import QUEUE, Tracker
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.exchange import actions, knowledge
from tocsin.rooms.incidents import actions as incidents

pytestmark = pytest.mark.django_db


def held(tracker: Tracker, number: str) -> dict[str, list[str]]:
    return {each["name"]: each["values"] for each in tracker.ask(f"ticket/{number}")["CustomFields"]}


def test_fields_hold_what_they_should_and_follow(admin: Person, responder: Person, tracker: Tracker) -> None:
    desk = set_up(admin, tracker, fields={"Severity": "severity", "Nowhere": "marking"})
    incident = concerning(responder, "DEPA")
    tell(responder, incident)
    mirrored(2)
    ticket = ticket_of(incident)
    assert held(tracker, ticket.number)["Severity"] == [str(incident.severity)]
    assert ticket.not_taken == ["Nowhere"]
    *_before, step = actions.try_desk(actor=admin, desk=desk)
    assert (step.well, step.said.endswith(": Nowhere")) == (False, True)

    incidents.change(actor=responder, incident=incident, severity=5, shown={"severity": incident.severity})
    comment(responder, incident, "It has grown.")
    mirrored(2)
    assert held(tracker, ticket.number)["Severity"] == ["5"]
    assert any("It has grown." in text for text in tracker.texts(ticket.number))
    assert ticket_of(incident).trouble == ""


def test_a_field_that_is_named_later_is_filled_in_too(admin: Person, responder: Person, tracker: Tracker) -> None:
    desk = set_up(admin, tracker)
    incident = concerning(responder, "DEPA")
    tell(responder, incident)
    mirrored(2)
    ticket = ticket_of(incident)
    written = len(tracker.texts(ticket.number))
    actions.change_desk(actor=admin, desk=desk, base_url=tracker.url, queue=QUEUE, fields={"Severity": "organisation"})
    mirrored(2)
    assert held(tracker, ticket.number)["Severity"] == ["DEPA"]
    assert len(tracker.texts(ticket.number)) == written, "nothing is said twice"
    assert all(step.well for step in actions.try_desk(actor=admin, desk=desk))


def test_only_known_facts_can_be_asked_for() -> None:
    assert knowledge.read_fields("Severity = severity\n\n The TLP = marking ") == {
        "Severity": "severity",
        "The TLP": "marking",
    }
    with pytest.raises(ValidationError, match="what a field can hold"):
        knowledge.read_fields("Severity = everything")
    with pytest.raises(ValidationError, match="does not read like"):
        knowledge.read_fields("Severity")
