"""What one shift leaves to the next."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client
from django.utils import timezone

from tocsin.rooms.accounts.models import Person
from tocsin.rooms.constituency.models import Organisation, Team
from tocsin.rooms.incidents import actions as incidents
from tocsin.rooms.rota import actions, queries
from tocsin.rooms.rota.models import ShiftNote

pytestmark = pytest.mark.django_db
ClientOf = Callable[[Person], Client]


def left(crew: Mapping[str, Person], csirc: Team, text: str = "The proxy is slow.") -> ShiftNote:
    return actions.write_note(actor=crew["second"], team=csirc, text=text)


def test_a_note_lies_on_the_desk_of_those_who_come_until_they_read_it(
    crew: Mapping[str, Person], csirc: Team, client_of: ClientOf
) -> None:
    note = left(crew, csirc)
    client = client_of(crew["responder"])
    assert b"The proxy is slow." in client.get("/").content + client.get("/desk/rest/").content
    assert b"The proxy is slow." not in client_of(crew["second"]).get("/").content
    assert client.post(f"/on-call/notes/{note.uuid}/read/").status_code == 302
    assert b"The proxy is slow." not in client.get("/").content + client.get("/desk/rest/").content
    assert list(note.read_by.all()) == [crew["responder"]]
    assert "Responder" in client.get(f"/on-call/teams/{csirc.uuid}/notes/").content.decode()


def test_reading_twice_is_reading_once(crew: Mapping[str, Person], csirc: Team) -> None:
    note = left(crew, csirc)
    for _ in range(2):
        actions.read_note(actor=crew["responder"], note=note)
    assert note.read_by.count() == 1


def test_an_old_note_waits_for_nobody(crew: Mapping[str, Person], csirc: Team) -> None:
    note = left(crew, csirc)
    ShiftNote.objects.filter(pk=note.pk).update(created_at=timezone.now() - timedelta(hours=49))
    assert not queries.unread_notes(crew["responder"])
    assert list(queries.notes_of(crew["responder"], csirc)) == [note]


def test_notes_are_the_teams_own(
    crew: Mapping[str, Person], chart: Mapping[str, Person], csirc: Team, client_of: ClientOf
) -> None:
    note = left(crew, csirc)
    for name in ("analyst", "ciso"):
        client = client_of(chart[name])
        assert client.get(f"/on-call/teams/{csirc.uuid}/notes/").status_code == 404
        assert client.post(f"/on-call/notes/{note.uuid}/read/").status_code == 404
        with pytest.raises(PermissionDenied):
            actions.write_note(actor=chart[name], team=csirc, text="x")
        with pytest.raises(PermissionDenied):
            actions.read_note(actor=chart[name], note=note)


def test_an_empty_note_says_nothing(crew: Mapping[str, Person], csirc: Team, client_of: ClientOf) -> None:
    with pytest.raises(ValidationError):
        left(crew, csirc, " \n ")
    answer = client_of(crew["responder"]).post(f"/on-call/teams/{csirc.uuid}/notes/", {"text": " "})
    assert answer.status_code == 200
    assert not ShiftNote.objects.exists()


def test_the_note_begins_with_what_happened(crew: Mapping[str, Person], csirc: Team, client_of: ClientOf) -> None:
    place = Organisation.objects.get(code="DEPA")
    opened = incidents.open_incident(actor=crew["responder"], title="Phishing at A", organisations=[place])
    secret = incidents.open_incident(actor=crew["responder"], title="Hidden", organisations=[place])
    incidents.seal(actor=crew["responder"], incident=secret, people=[crew["responder"]])
    draft = queries.draft(crew["responder"], csirc)
    assert f"Opened: {opened.reference} Phishing at A (S2)" in draft
    assert f"Still with me: {opened.reference}" in draft
    assert "Hidden" not in draft
    client = client_of(crew["responder"])
    assert opened.reference in client.get(f"/on-call/teams/{csirc.uuid}/notes/").content.decode()
    assert client.post(f"/on-call/teams/{csirc.uuid}/notes/", {"text": draft}).status_code == 302
    assert "Opened" not in queries.draft(crew["responder"], csirc)


def test_what_others_wrote_is_text_and_no_markup(crew: Mapping[str, Person], csirc: Team, client_of: ClientOf) -> None:
    left(crew, csirc, "<script>alert(1)</script>")
    client = client_of(crew["responder"])
    pages = client.get(f"/on-call/teams/{csirc.uuid}/notes/").content + client.get("/").content
    assert b"<script>alert(1)" not in pages
    assert b"&lt;script&gt;alert(1)" in pages


def test_the_short_way_leads_to_the_teams_notes(
    crew: Mapping[str, Person], chart: Mapping[str, Person], csirc: Team, client_of: ClientOf
) -> None:
    assert client_of(crew["responder"]).get("/on-call/notes/")["Location"] == f"/on-call/teams/{csirc.uuid}/notes/"
    assert client_of(chart["ciso"]).get("/on-call/notes/")["Location"] == "/on-call/"
    assert client_of(chart["outsider"]).get("/on-call/notes/").status_code == 403
