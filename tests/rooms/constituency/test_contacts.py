"""Contacts are complete for their role, and somebody says every three months that they are still right."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client
from django.utils import timezone
from pysequoia import Tsk

from tocsin.platform.models import AuditEntry
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.constituency import actions
from tocsin.rooms.constituency.actions import give_role
from tocsin.rooms.constituency.models import Contact, Organisation

ClientOf = Callable[[Person], Client]


@pytest.fixture
def contact(chart: Mapping[str, Person]) -> Contact:
    made: Contact = Contact.objects.create(
        organisation=Organisation.objects.get(code="DEPA"),
        role="deputy",
        name="Stand-in",
        email="deputy@a.example",
        confirmed_at=timezone.now() - timedelta(days=91),
        bounced_at=timezone.now(),
    )
    return made


def test_one_click_confirms_for_ninety_days(contact: Contact, officer_a: Person, client_of: ClientOf) -> None:
    assert contact.to_confirm
    client = client_of(officer_a)
    assert b"Still right" in client.get("/").content + client.get("/desk/rest/").content
    answer = client.post(f"/organisations/contacts/{contact.uuid}/confirm/", {"desk": "1"})
    assert answer["Location"] == "/"
    contact.refresh_from_db()
    assert not contact.to_confirm
    assert contact.bounced_at is None
    assert b"Still right" not in client.get("/").content + client.get("/desk/rest/").content
    assert AuditEntry.objects.get(verb="constituency.confirm_contact").object_uuid == contact.uuid


def test_others_confirm_nothing(contact: Contact, officer_b: Person, analyst: Person, client_of: ClientOf) -> None:
    address = f"/organisations/contacts/{contact.uuid}/confirm/"
    assert client_of(officer_b).post(address).status_code == 404
    assert client_of(analyst).post(address).status_code == 403
    for person in (officer_b, analyst):
        with pytest.raises(PermissionDenied):
            actions.confirm_contact(actor=person, contact=contact)
    contact.refresh_from_db()
    assert contact.to_confirm


@pytest.mark.parametrize(
    "values",
    [
        {"role": "duty", "name": "Night desk", "email": "night@a.example"},
        {"role": "officer", "name": "Nobody"},
    ],
)
def test_a_role_forces_what_it_needs(admin: Person, values: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        actions.add_contact(actor=admin, organisation=Organisation.objects.get(code="DEPA"), **values)
    assert not Contact.objects.exists()


def test_a_desk_at_all_hours_has_a_telephone(admin: Person) -> None:
    place = Organisation.objects.get(code="DEPA")
    made = actions.add_contact(actor=admin, organisation=place, role="duty", name="Night desk", phone="+999 1")
    assert not made.to_confirm


def form(contact: Contact, **more: str) -> dict[str, str]:
    return {"role": contact.role, "name": contact.name, "email": contact.email, "language": "en"} | more


def change(client: Client, contact: Contact, **more: str) -> str:
    answer = client.post(f"/organisations/contacts/{contact.uuid}/change/", form(contact, **more), follow=True)
    contact.refresh_from_db()
    return answer.content.decode()


def test_a_contact_is_changed_in_its_place(contact: Contact, admin: Person, client_of: ClientOf) -> None:
    Contact.objects.update(asked_at=timezone.now(), absent_until=date(2026, 12, 24), charted=True)
    client = client_of(admin)
    address = f"/organisations/contacts/{contact.uuid}/change/"
    assert address in client.get(f"/organisations/{contact.organisation.uuid}/").content.decode()
    page = client.get(address, headers={"Accept-Language": "fr"}).content.decode()
    assert all(f'value="{value}"' in page for value in ("Stand-in", "deputy@a.example", "2026-12-24"))
    assert "Changed" in change(client, contact, email="new@a.example")
    assert (contact.email, contact.absent_until, contact.charted) == ("new@a.example", None, False)
    assert (contact.bounced_at, contact.asked_at, contact.to_confirm) == (None, None, False)
    entry = AuditEntry.objects.get(verb="constituency.change_contact")
    assert entry.object_uuid == contact.uuid
    assert (entry.details or {})["changed"] == {
        "email": ["deputy@a.example", "new@a.example"],
        "absent_until": ["2026-12-24", None],
    }


def test_what_came_back_from_the_same_address_stays(contact: Contact, admin: Person, client_of: ClientOf) -> None:
    change(client_of(admin), contact, phone="+999 1")
    assert (contact.phone, contact.to_confirm) == ("+999 1", False)
    assert contact.bounced_at is not None


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"email": ""}, "Give a mail address or a telephone"),
        ({"role": "duty"}, "needs a telephone"),
        ({"role": "wizard"}, "Select a valid choice"),
        ({"name": "Other"}, "already exists"),
        ({"key": "no key"}, "key"),
    ],
)
def test_a_change_is_checked_as_what_is_added(
    contact: Contact, admin: Person, client_of: ClientOf, more: dict[str, str], said: str
) -> None:
    actions.add_contact(
        actor=admin, organisation=contact.organisation, role="deputy", name="Other", email="o@a.example"
    )
    assert said in change(client_of(admin), contact, **more)
    assert (contact.role, contact.name, contact.email) == ("deputy", "Stand-in", "deputy@a.example")
    assert not AuditEntry.objects.filter(verb="constituency.change_contact").exists()


def test_the_url_of_a_tool_is_changed(admin: Person, client_of: ClientOf) -> None:
    place = Organisation.objects.get(code="DEPA")
    tool = actions.add_contact(
        actor=admin, organisation=place, role="tool", name="Tickets", webhook="https://t.a.example/old"
    )
    before = tool.secret
    assert "https://" in change(client_of(admin), tool, webhook="http://t.a.example/new")
    assert tool.webhook == "https://t.a.example/old"
    assert "Changed" in change(client_of(admin), tool, webhook="https://t.a.example/new?token=hush")
    assert (tool.webhook, tool.secret != before) == ("https://t.a.example/new?token=hush", True)
    entry = AuditEntry.objects.get(verb="constituency.change_contact")
    assert (entry.details or {})["changed"] == {"webhook": ["https://t.a.example/old", "https://t.a.example/new"]}


def test_a_key_that_is_taken_away_leaves_no_fingerprint(contact: Contact, admin: Person) -> None:
    key = str(Tsk.generate("deputy@a.example").extract_certificate())
    held = actions.change_contact(actor=admin, contact=contact, key=key)
    assert held.fingerprint
    assert actions.change_contact(actor=admin, contact=held, key="").fingerprint == ""


def test_a_role_of_the_chart_stays_when_the_contact_is_changed(
    contact: Contact, admin: Person, client_of: ClientOf
) -> None:
    Contact.objects.update(role="hotline")
    contact.refresh_from_db()
    assert "Changed" in change(client_of(admin), contact, phone="+999 1")
    assert contact.role == "hotline"


def test_others_change_nothing(contact: Contact, officer_a: Person, outsider: Person, client_of: ClientOf) -> None:
    give_role(actor=None, person=outsider, role="administrator", organisation=Organisation.objects.get(code="DEPB"))
    address = f"/organisations/contacts/{contact.uuid}/change/"
    assert client_of(officer_a).post(address, form(contact, name="Mine")).status_code == 403
    assert client_of(outsider).get(address).status_code == 404
    with pytest.raises(PermissionDenied):
        actions.change_contact(actor=officer_a, contact=contact, name="Mine")
    contact.refresh_from_db()
    assert contact.name == "Stand-in"
