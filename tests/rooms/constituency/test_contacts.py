"""Contacts are complete for their role, and somebody says every three months that they are still right."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client
from django.utils import timezone

from tocsin.platform.models import AuditEntry
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.constituency import actions
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
    assert b"Still right" in client.get("/").content
    answer = client.post(f"/organisations/contacts/{contact.uuid}/confirm/", {"desk": "1"})
    assert answer["Location"] == "/"
    contact.refresh_from_db()
    assert not contact.to_confirm
    assert contact.bounced_at is None
    assert b"Still right" not in client.get("/").content
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
