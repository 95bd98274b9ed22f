"""The ledger and the trail show nothing of what a person may not know of."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.http import Http404
from django.test import Client

from tocsin.platform.models import OutboxMessage
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.constituency.models import Organisation
from tocsin.rooms.desk import queries
from tocsin.rooms.incidents import actions
from tocsin.rooms.incidents.models import Incident


@pytest.fixture
def told(analyst: Person, responder: Person, officer_a: Person) -> Incident:
    department = Organisation.objects.get(code="DEPA")
    incident = actions.open_incident(actor=analyst, title="Macro at DEPA", organisations=[department])
    actions.inform(actor=responder, incident=incident, entity=incident.entities.get(), subject="Macro", text="Look.")
    return incident


def seal(incident: Incident, responder: Person) -> None:
    actions.seal(actor=responder, incident=incident, people=[])


def test_what_left_stands_in_the_ledger(told: Incident, ciso: Person, officer_a: Person) -> None:
    entry = queries.ledger(ciso).get()
    assert (entry.recipient, entry.allowed) == (officer_a.email, True)
    assert list(queries.ledger(ciso, answer="no")) == []


def test_a_sealed_incident_leaves_both_books(told: Incident, responder: Person, ciso: Person) -> None:
    assert queries.trail(ciso, verb="incident.").exists()
    assert queries.trail(ciso, verb="outbox.").exists()
    seal(told, responder)
    assert not queries.ledger(ciso).exists()
    assert not queries.trail(ciso, verb="incident.").exists()
    assert not queries.trail(ciso, verb="outbox.").exists()
    assert queries.ledger(responder).exists()


def test_an_administrator_reads_the_trail_without_incidents(told: Incident, admin: Person) -> None:
    assert not queries.trail(admin, verb="incident.").exists()


def test_mail_that_failed_waits_for_somebody_who_may_decide(told: Incident, responder: Person, ciso: Person) -> None:
    message = OutboxMessage.objects.get()
    assert queries.unsettled_mail(responder) == []
    OutboxMessage.objects.update(state=OutboxMessage.State.UNCERTAIN)
    assert queries.unsettled_mail(responder) == [message]
    seal(told, responder)
    assert queries.unsettled_mail(ciso) == []
    with pytest.raises(Http404):
        queries.message_or_404(ciso, message.uuid)


def test_a_person_says_that_it_arrived(
    told: Incident, responder: Person, client_of: Callable[[Person], Client]
) -> None:
    OutboxMessage.objects.update(state=OutboxMessage.State.UNCERTAIN)
    message = OutboxMessage.objects.get()
    client = client_of(responder)
    assert b"It arrived" in client.get("/ledger/").content
    assert client.post(f"/ledger/{message.uuid}/confirm/").status_code == 302
    assert OutboxMessage.objects.get().state == OutboxMessage.State.SENT
    assert b"Somebody else" in client.post(f"/ledger/{message.uuid}/again/", follow=True).content


def test_the_books_open_for_their_rights_only(
    told: Incident, ciso: Person, officer_a: Person, client_of: Callable[[Person], Client]
) -> None:
    for path in ("/ledger/", "/audit/"):
        assert client_of(ciso).get(path).status_code == 200
        assert client_of(officer_a).get(path).status_code == 403
