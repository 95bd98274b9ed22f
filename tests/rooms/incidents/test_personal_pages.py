"""Personal content shows on no page and no route; on its own page it opens with a grant, and every time is kept."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import RequestFactory
from django.urls import reverse

from tests.architecture.doors import doors
from tests.architecture.test_routes import bearer
from tests.rooms.incidents.insiders import SECRET, added, granted
from tocsin.platform import documents
from tocsin.platform.models import GateEntry
from tocsin.rooms.accounts.models import Person as Somebody
from tocsin.rooms.constituency.models import Organisation
from tocsin.rooms.incidents import actions
from tocsin.rooms.incidents.knowledge.insider import FILE, insider, load
from tocsin.rooms.incidents.models import Incident, PersonalAccess, PersonalItem

if TYPE_CHECKING:
    from django.test import Client

    from tocsin.rooms.accounts.models import Person

ClientOf = Callable[["Person"], "Client"]

# Where it is not.


@pytest.mark.parametrize("name", ["responder", "ciso", "analyst", "officer_a"])
def test_no_page_gives_it(
    name: str, note: PersonalItem, case: Incident, client_of: ClientOf, responder: Person
) -> None:
    added(responder, case, "file")
    person = Somebody.objects.get(username=name)
    things = dict.fromkeys(("uuid", "incident", "incident.uuid"), case.uuid) | {"item": note.uuid}
    client, tried = client_of(person), 0
    for door in doors(things):
        if door.verbs is None or door.route.startswith("api/"):
            continue
        for query in ("", "?q=physician", "?export=csv", "?format=json"):
            answer = client.get(door.path + query)
            body = b"".join(answer) if answer.streaming else answer.content
            assert SECRET.encode() not in body, door.path
            tried += answer.status_code == 200
    assert tried > 10
    if name in {"responder", "ciso"}:
        assert b"Ask to open it" in client.get(reverse("incident_personal", args=[case.uuid])).content


@pytest.mark.parametrize("name", ["responder", "ciso"])
def test_no_route_of_the_api_gives_it(name: str, note: PersonalItem, case: Incident) -> None:
    from django.test import Client as Programme

    programme = Programme(headers=bearer(Somebody.objects.get(username=name)))
    for path in ("", f"/{case.uuid}", f"/{case.uuid}/timeline", f"/{case.uuid}/evidence", f"/{case.uuid}/tasks"):
        answer = programme.get(f"/api/incidents{path}")
        assert b"physician" not in answer.content, path
    assert programme.get(f"/api/incidents/{case.uuid}").status_code == 200


def test_nothing_of_it_stands_in_the_database_or_the_trails(
    note: PersonalItem, case: Incident, responder: Person
) -> None:
    from django.apps import apps

    added(responder, case, "file")
    for model in apps.get_models():
        for row in model._default_manager.values():
            assert "physician" not in json.dumps(row, default=str), model
    assert set(PersonalItem.objects.values_list("artefact__name", flat=True)) == {"personal-1.txt", "personal-2.eml"}


# The pages.


@pytest.mark.parametrize("part", [0.5, 0.9])
def test_what_was_cut_off_on_its_way_is_not_kept(
    part: float, client_of: ClientOf, responder: Person, case: Incident
) -> None:
    file = SimpleUploadedFile("her mails.eml", SECRET.encode() * 50)
    sent = RequestFactory().post("/", {"kind": "note", "note": "", "file": file, "whole": "1"})
    client, here = client_of(responder), reverse("incident_personal", args=[case.uuid])
    cut = sent.body[: int(len(sent.body) * part)]
    client.generic("POST", f"{here}add/", cut, sent.content_type, CONTENT_TYPE=sent.META["CONTENT_TYPE"])
    assert not PersonalItem.objects.exists()
    assert b"cut off on its way" in client.get(here).content


def test_it_is_flagged_added_asked_granted_and_read_on_its_page(
    client_of: ClientOf, responder: Person, ciso: Person, department_a: Organisation
) -> None:
    client, other = client_of(responder), client_of(ciso)
    form = {
        "title": "Leak", "organisations": ["DEPA"], "severity": "3", "purpose": "misuse_inquiry",
        "basis": "legal_obligation", "text": "Needed", "people": ["ciso"],
    }  # fmt: skip
    assert client.post(reverse("incident_insider_new"), {**form, "purpose": ""}).status_code == 200
    assert not Incident.objects.exists()
    client.post(reverse("incident_insider_new"), form)
    made = Incident.objects.get()
    assert made.sealed
    here = reverse("incident_personal", args=[made.uuid])
    data = {"kind": "note", "note": SECRET, "file": SimpleUploadedFile("her mails.eml", SECRET.encode()), "whole": "1"}
    client.post(f"{here}add/", data)
    assert PersonalItem.objects.count() == 2
    item = PersonalItem.objects.get(form="note")
    open_it = f"{here}{item.uuid}/open/"
    assert SECRET not in client.post(open_it, follow=True).content.decode()
    client.post(f"{here}{item.uuid}/ask/", {"purpose": "To see"})
    access = PersonalAccess.objects.get()
    decide = f"{here}requests/{access.uuid}/decide/"
    client.post(decide, {"grant": "yes", "hours": "2"})
    assert SECRET not in client.post(open_it, follow=True).content.decode()
    assert b"To see" in other.get(here).content
    other.post(decide, {"grant": "yes", "hours": "2"})
    answer = client.post(open_it)
    assert SECRET in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    assert SECRET not in client.get(here).content.decode()
    other.post(f"{here}requests/{access.uuid}/withdraw/")
    assert SECRET not in client.post(open_it, follow=True).content.decode()


def test_a_file_is_asked_of_the_gate(client_of: ClientOf, case: Incident, responder: Person, ciso: Person) -> None:
    item = added(responder, case, "file")
    granted(item, responder, ciso)
    answer = client_of(responder).post(reverse("incident_personal_open", args=[case.uuid, item.uuid]))
    assert b"".join(answer) == SECRET.encode()
    assert "personal-1.eml" in answer["Content-Disposition"]
    assert GateEntry.objects.filter(item_uuid=case.uuid, allowed=True).exists()


def test_outsiders_find_nothing(
    client_of: ClientOf, note: PersonalItem, case: Incident, responder: Person, chart: Mapping[str, Person]
) -> None:
    asked = actions.ask_personal(actor=responder, item=note, purpose="p")
    here = reverse("incident_personal", args=[case.uuid])
    for name in ("analyst", "officer_a", "officer_b", "admin"):
        client = client_of(chart[name])
        for path in ("", "flag/", "add/", f"{note.uuid}/ask/", f"{note.uuid}/open/", f"requests/{asked.uuid}/decide/",
                     f"requests/{asked.uuid}/withdraw/"):  # fmt: skip
            for answer in (client.get(here + path), client.post(here + path, {"purpose": "x", "grant": "yes"})):
                assert answer.status_code in {403, 404, 405}, path
    asked.refresh_from_db()
    assert asked.state == "asked"


def test_what_was_sent_with_nothing_in_it_is_refused(client_of: ClientOf, case: Incident, responder: Person) -> None:
    here = reverse("incident_personal", args=[case.uuid])
    client = client_of(responder)
    for data in ({}, {"kind": "note"}, {"kind": "nonsense", "note": "x"}, {"kind": "note", "note": "   "}):
        assert client.post(f"{here}add/", data).status_code == 302
    assert not PersonalItem.objects.exists()


# The file.


def test_the_house_has_a_file_of_grounds() -> None:
    assert insider().grant_hours == 24
    assert all(str(words) for words in (*insider().purposes.values(), *insider().bases.values()))


@pytest.mark.parametrize(
    "change", [("grant_hours: 24", "grant_hours: 99"), ("kinds:", "sorts:"), ("grant_hours: 24", "grant_hours: 0")]
)
def test_a_broken_file_is_refused_with_its_place(change: tuple[str, str], tmp_path: Path) -> None:
    broken = tmp_path / "insider.yaml"
    broken.write_text(FILE.read_text().replace(*change))
    with pytest.raises(documents.BrokenFile):
        load(broken)


def test_an_item_is_held_released_and_destroyed_on_the_page(
    note: PersonalItem, case: Incident, client_of: ClientOf, responder: Person
) -> None:
    client = client_of(responder)
    page = reverse("incident_personal", args=[case.uuid])

    def do(act: str) -> str:
        door = reverse(f"incident_personal_{act}", kwargs={"uuid": case.uuid, "item": note.uuid})
        return client.post(door, {"reason": f"for {act}"}, follow=True).content.decode()

    assert "legal hold" in do("hold")
    assert reverse("incident_personal_destroy", args=[case.uuid, note.uuid]) not in client.get(page).content.decode()
    do("release")
    shown = do("destroy")
    assert "destroyed" in shown
    assert reverse("incident_personal_ask", args=[case.uuid, note.uuid]) not in shown
