"""Misuse by insiders: purpose first, sealed from the start, and personal content only after a second person agreed."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from tests.architecture.doors import doors
from tests.architecture.test_routes import bearer
from tests.rooms.incidents.filing import stored
from tocsin.platform import documents
from tocsin.platform.models import AuditEntry, GateEntry
from tocsin.rooms.accounts.models import Person as Somebody
from tocsin.rooms.artefacts.models import CustodyEntry
from tocsin.rooms.constituency.models import Membership, Organisation, Team
from tocsin.rooms.desk import queries as desk
from tocsin.rooms.incidents import actions
from tocsin.rooms.incidents.actions import Ground
from tocsin.rooms.incidents.knowledge.insider import FILE, insider, load
from tocsin.rooms.incidents.models import Incident, PersonalAccess, PersonalItem

if TYPE_CHECKING:
    from django.test import Client

    from tocsin.rooms.accounts.models import Person

ClientOf = Callable[["Person"], "Client"]
SECRET = "Marguerite wrote to her physician"
GROUND = Ground("misuse_inquiry", "task_public_interest", "Data left by an account of the house.")


@pytest.fixture
def guardian(chart: Mapping[str, Person]) -> Person:
    """Give a data protection officer, who may answer requests."""
    person = Somebody.objects.create(username="guardian", email="guardian@tocsin.example", full_name="Guardian")
    Membership.objects.create(person=person, role="data_protection", organisation=Organisation.objects.get(code="INST"))
    return Somebody.objects.get(pk=person.pk)


@pytest.fixture
def second(chart: Mapping[str, Person]) -> Person:
    Membership.objects.create(person=chart["outsider"], role="responder", team=Team.objects.get(code="CSIRC"))
    return Somebody.objects.get(pk=chart["outsider"].pk)


@pytest.fixture
def case(responder: Person, ciso: Person, guardian: Person, second: Person, department_a: Organisation) -> Incident:
    return actions.open_insider(
        actor=responder, title="Data left the house", organisations=[department_a],
        ground=Ground(GROUND.purpose, GROUND.basis, GROUND.text, subject=Somebody.objects.get(username="officer_a")),
        people=[ciso, guardian, second],
    )  # fmt: skip


@pytest.fixture
def note(case: Incident, responder: Person) -> PersonalItem:
    return added(responder, case)


def added(actor: Person, case: Incident, form: str = "note", name: str = f"{SECRET}.eml") -> PersonalItem:
    [made] = actions.add_personal(
        actor=actor, incident=case, form=form, kind="mailbox", files=[(name, stored(SECRET.encode()))]
    )
    return made


def granted(item: PersonalItem, to: Person, by: Person, **given: Any) -> PersonalAccess:
    asked = actions.ask_personal(actor=to, item=item, purpose="To see what left.")
    return actions.decide_personal(actor=by, access=asked, grant=True, **given)


def read(actor: Person, item: PersonalItem) -> str:
    with actions.open_personal(actor=actor, item=item) as content:
        return content.read().decode()


def opens(actor: Person, item: PersonalItem) -> bool:
    try:
        return read(actor, item) == SECRET
    except PermissionDenied:
        return False


# Purpose first, and sealed.


def test_it_is_sealed_from_the_start(case: Incident, chart: Mapping[str, Person], guardian: Person) -> None:
    assert case.sealed
    for name in ("officer_a", "analyst", "admin"):
        assert not Incident.objects.visible_to(chart[name]).filter(pk=case.pk).exists()
    assert Incident.objects.handled_by(guardian).filter(pk=case.pk).exists()
    assert AuditEntry.objects.filter(verb="incident.insider").count() == 1


@pytest.mark.parametrize(
    "given", [("", "legal_obligation", "x"), ("misuse_inquiry", "x", "x"), ("misuse_inquiry", "legal_obligation", " ")]
)
def test_without_purpose_and_basis_there_is_nothing(given: tuple[str, str, str]) -> None:
    with pytest.raises(ValidationError):
        Ground(*given)


def test_nothing_personal_before_the_purpose(responder: Person, department_a: Organisation) -> None:
    plain = actions.open_incident(actor=responder, title="t", organisations=[department_a])
    with pytest.raises(PermissionDenied):
        added(responder, plain)
    actions.seal(actor=responder, incident=plain, people=[])
    with pytest.raises(ValidationError, match="purpose"):
        added(responder, plain)
    actions.flag_insider(actor=responder, incident=plain, ground=GROUND)
    assert added(responder, plain).number == 1
    with pytest.raises(ValidationError):
        actions.flag_insider(actor=responder, incident=plain, ground=GROUND)


def test_the_person_concerned_is_never_named(case: Incident, responder: Person, officer_a: Person) -> None:
    with pytest.raises(ValidationError):
        actions.seal(actor=responder, incident=case, people=[officer_a])
    with pytest.raises(ValidationError):
        actions.open_insider(
            actor=responder, title="t", organisations=[], ground=Ground(*GROUND_PARTS, subject=responder)
        )
    assert not Incident.objects.filter(title="t").exists()


GROUND_PARTS = (GROUND.purpose, GROUND.basis, GROUND.text)


def test_it_stays_sealed_and_by_itself(case: Incident, responder: Person, incident: Incident) -> None:
    with pytest.raises(ValidationError):
        actions.unseal(actor=responder, incident=case)
    other = actions.open_incident(actor=responder, title="o", organisations=[])
    actions.seal(actor=responder, incident=other, people=[])
    for source, target in ((case, other), (other, case)):
        with pytest.raises(ValidationError):
            actions.merge(actor=responder, source=source, target=target)


# Asking and granting.


def test_nobody_opens_it_without_a_grant(note: PersonalItem, responder: Person, ciso: Person, analyst: Person) -> None:
    for person in (responder, ciso, analyst):  # not even who added it
        assert not opens(person, note)
    assert not CustodyEntry.objects.filter(act="downloaded").exists()


def test_a_grant_opens_one_item_for_one_person(
    note: PersonalItem, case: Incident, responder: Person, second: Person, ciso: Person
) -> None:
    other = added(responder, case)
    access = granted(note, second, ciso)
    assert opens(second, note)
    assert opens(second, note)
    assert not opens(second, other)
    assert not opens(responder, note)
    assert not opens(ciso, note)
    access.refresh_from_db()
    assert (access.opened, access.opened_at is not None) == (2, True)
    assert AuditEntry.objects.filter(verb="personal.open").count() == 2
    assert CustodyEntry.objects.filter(act="downloaded", person=second).count() == 2
    assert case.timeline.filter(event="personal_open").count() == 2


def test_the_asker_cannot_grant(note: PersonalItem, ciso: Person, responder: Person, guardian: Person) -> None:
    asked = actions.ask_personal(actor=ciso, item=note, purpose="p")
    for person in (ciso, responder):  # the one is the asker, the other has no right to grant
        with pytest.raises(PermissionDenied):
            actions.decide_personal(actor=person, access=asked, grant=True)
    with pytest.raises(IntegrityError), transaction.atomic():  # nor does the database let them
        PersonalAccess.objects.filter(pk=asked.pk).update(
            state="granted", decided_by=ciso, until=timezone.now() + timedelta(hours=1)
        )
    actions.decide_personal(actor=guardian, access=asked, grant=True)
    assert opens(ciso, note)


def test_who_is_not_named_neither_asks_nor_grants(
    note: PersonalItem, case: Incident, responder: Person, ciso: Person, guardian: Person, analyst: Person
) -> None:
    with pytest.raises(PermissionDenied):
        actions.ask_personal(actor=analyst, item=note, purpose="p")
    access = granted(note, responder, ciso)
    asked = actions.ask_personal(actor=guardian, item=note, purpose="p")
    actions.seal(actor=responder, incident=case, people=[guardian])
    with pytest.raises(PermissionDenied):
        actions.decide_personal(actor=ciso, access=asked, grant=True)
    with pytest.raises(PermissionDenied):
        actions.withdraw_personal(actor=ciso, access=access)


def test_a_grant_is_lost_with_the_name_on_the_seal(
    note: PersonalItem, case: Incident, responder: Person, second: Person, ciso: Person
) -> None:
    granted(note, second, ciso)
    actions.seal(actor=responder, incident=case, people=[ciso])
    assert not opens(second, note)


def test_it_ends_by_itself(note: PersonalItem, responder: Person, ciso: Person) -> None:
    access = granted(note, responder, ciso)
    assert access.until is not None
    assert timedelta(hours=23, minutes=59) < access.until - timezone.now() <= timedelta(hours=24)
    PersonalAccess.objects.update(until=timezone.now())
    assert not opens(responder, note)
    assert granted(note, responder, ciso, hours=1).in_force
    assert opens(responder, note)


@pytest.mark.parametrize("hours", [0, -1, 73, 10_000])
def test_no_grant_lasts_longer_than_the_house_lets(
    hours: int, note: PersonalItem, responder: Person, ciso: Person
) -> None:
    with pytest.raises(ValidationError):
        granted(note, responder, ciso, hours=hours)


def test_a_refusal_has_a_reason(note: PersonalItem, responder: Person, ciso: Person) -> None:
    asked = actions.ask_personal(actor=responder, item=note, purpose="p")
    with pytest.raises(ValidationError):
        actions.decide_personal(actor=ciso, access=asked, grant=False)
    actions.decide_personal(actor=ciso, access=asked, grant=False, reason="Not needed for this.")
    assert not opens(responder, note)
    with pytest.raises(ValidationError):
        actions.decide_personal(actor=ciso, access=asked, grant=True)


def test_a_grant_is_withdrawn(note: PersonalItem, responder: Person, ciso: Person, guardian: Person) -> None:
    access = granted(note, responder, ciso)
    actions.withdraw_personal(actor=guardian, access=access)
    assert not opens(responder, note)
    with pytest.raises(ValidationError):
        actions.withdraw_personal(actor=guardian, access=access)
    own = actions.ask_personal(actor=responder, item=note, purpose="p")
    actions.withdraw_personal(actor=responder, access=own)
    with pytest.raises(ValidationError):
        actions.decide_personal(actor=ciso, access=own, grant=True)


def test_one_asks_once_and_for_a_purpose(note: PersonalItem, responder: Person, ciso: Person) -> None:
    with pytest.raises(ValidationError):
        actions.ask_personal(actor=responder, item=note, purpose=" ")
    asked = actions.ask_personal(actor=responder, item=note, purpose="p")
    with pytest.raises(ValidationError):
        actions.ask_personal(actor=responder, item=note, purpose="p")
    actions.decide_personal(actor=ciso, access=asked, grant=True)
    with pytest.raises(ValidationError):
        actions.ask_personal(actor=responder, item=note, purpose="p")


def test_a_request_stands_on_the_desk_of_who_may_answer(
    note: PersonalItem, responder: Person, ciso: Person, guardian: Person, client_of: ClientOf
) -> None:
    asked = actions.ask_personal(actor=ciso, item=note, purpose="p")
    assert list(desk.personal_requests(guardian).rows) == [asked]
    for person in (ciso, responder):
        assert not desk.personal_requests(person).rows
    assert b"asks to open P1" in client_of(guardian).get("/").content


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
    data = {"kind": "note", "note": SECRET, "file": SimpleUploadedFile("her mails.eml", SECRET.encode())}
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
