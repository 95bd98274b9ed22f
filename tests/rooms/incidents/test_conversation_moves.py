"""Conversations go where their incident goes, and stay open until somebody says that nothing waits."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client
from django.urls import reverse

from tests.rooms.incidents.talking import HOSTER, converse, reply
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.incidents import actions, queries
from tocsin.rooms.incidents.actions import merging
from tocsin.rooms.incidents.models import Incident
from tocsin.rooms.notices import actions as notices
from tocsin.rooms.notices.models import Thread
from tocsin.rooms.notices.queries import To

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOCSIN_HOME", str(tmp_path))


def talks(person: Person, incident: Incident) -> dict[str, int]:
    """Give how many threads each conversation has, by the name of its party."""
    view = queries.view_or_404(Person.objects.get(pk=person.pk), incident.uuid)
    return {each.name: len(each.threads) for each in queries.conversations(view)}


def test_a_merge_brings_both_conversations_with_a_party_together(
    incident: Incident, other: Incident, responder: Person
) -> None:
    first = converse(responder, incident, text="From the one.")
    converse(responder, incident, HOSTER, tlp="CLEAR")
    converse(responder, other, tlp="GREEN", text="From the other.")
    actions.merge(actor=responder, source=incident, target=other)
    assert talks(responder, other) == {"Name of DEPA": 2, "Abuse desk": 1, "Name of DEPB": 0}
    view = queries.view_or_404(responder, other.uuid)
    chosen = queries.chosen_or_404(queries.conversations(view), str(first.thread.uuid))
    assert chosen is not None
    assert [each.text for each in queries.entries(view, chosen)] == ["From the one.", "From the other."]
    letter = notices.take(reply(first, "Isolated."))
    assert letter.thread == first.thread
    assert other.timeline.filter(event="wrote").count() == 1
    other.refresh_from_db()
    again = converse(responder, other, text="Now together.")
    assert again.thread.pk == max(Thread.objects.filter(organisation__code="DEPA").values_list("pk", flat=True))
    with pytest.raises(ValidationError):
        converse(responder, Incident.objects.get(pk=incident.pk))


def test_a_merge_taken_apart_gives_them_back(incident: Incident, other: Incident, responder: Person) -> None:
    converse(responder, incident)
    converse(responder, other, tlp="GREEN")
    actions.merge(actor=responder, source=incident, target=other)
    actions.take_apart(actor=responder, incident=Incident.objects.get(pk=incident.pk))
    assert talks(responder, incident) == {"Name of DEPA": 1}
    assert talks(responder, other) == {"Name of DEPA": 1, "Name of DEPB": 0}


def test_the_preview_of_a_merge_names_them(incident: Incident, other: Incident, responder: Person) -> None:
    converse(responder, incident, HOSTER, tlp="CLEAR")
    plan = merging.plan_merge(actor=responder, source=incident, target=other)
    assert "Abuse desk" in str(plan)


def test_a_split_takes_along_those_with_whom_goes(other: Incident, responder: Person) -> None:
    converse(responder, other, tlp="GREEN")
    converse(responder, other, To("officer_b@tocsin.example"), tlp="GREEN")
    converse(responder, other, HOSTER, tlp="CLEAR")
    part = other.entities.get(organisation__code="DEPB")
    made = actions.split(actor=responder, incident=other, title="Another", chosen=actions.Chosen(parts=[part]))
    assert talks(responder, made) == {"Name of DEPB": 1}
    assert talks(responder, other) == {"Abuse desk": 1, "Name of DEPA": 1}


def test_what_waits_is_open_until_it_is_settled(
    incident: Incident, responder: Person, analyst: Person, client_of: Callable[[Person], Client]
) -> None:
    def ends() -> list[str]:
        return [end.text for end in queries.open_ends(queries.view_or_404(responder, incident.uuid))]

    actions.take(actor=responder, incident=incident)
    mail = converse(responder, incident)
    assert ends() == []
    notices.take(reply(mail, "Thank you, that is all."))
    assert ends() == ["Conversation with Name of DEPA: waits for us"]
    with pytest.raises(PermissionDenied):
        actions.settle_conversation(actor=analyst, incident=incident, threads=[mail.thread])
    client = client_of(responder)
    page = client.get(reverse("incident_conversations", args=[incident.uuid])).content.decode()
    assert "Nothing to answer" in page
    key = incident.entities.get().organisation.uuid
    answer = client.post(reverse("incident_conversation_settle", args=[incident.uuid]), {"key": key})
    assert answer.status_code == 302
    assert ends() == []
    page = client.get(reverse("incident_conversations", args=[incident.uuid])).content.decode()
    assert "Nothing to answer" not in page
    notices.take(reply(mail, "One more thing.", Message_ID="<r2@x>"))
    assert ends() == ["Conversation with Name of DEPA: waits for us"]
