"""Accounts are made and ended by who manages them, and only where they do."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client

from tocsin.platform.models import AuditEntry
from tocsin.rooms.accounts import actions, queries
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.constituency.models import Membership, Organisation

pytestmark = pytest.mark.django_db


def test_an_administrator_makes_an_account(admin: Person) -> None:
    person = actions.create_person(
        actor=admin, username="new", email="new@tocsin.example", full_name="N. Ew", language="fr", password="a" * 14
    )
    assert person.check_password("a" * 14)
    assert (person.language, str(person)) == ("fr", "N. Ew")
    entry = AuditEntry.objects.get(verb="accounts.created")
    assert (entry.actor, entry.object_uuid) == (admin.uuid, person.uuid)


def test_the_system_makes_an_account_nobody_can_sign_in_with_yet(db: None) -> None:
    assert not actions.create_person(actor=None, username="new", email="").has_usable_password()


def test_nobody_else_makes_an_account(analyst: Person) -> None:
    with pytest.raises(PermissionDenied):
        actions.create_person(actor=analyst, username="new", email="")
    assert not Person.objects.filter(username="new").exists()


def test_an_ended_account_is_kept_and_can_be_opened_again(admin: Person, analyst: Person) -> None:
    actions.end_person(actor=admin, person=analyst)
    analyst.refresh_from_db()
    assert not analyst.is_active
    assert analyst in queries.people(admin, ended=True)
    assert analyst not in queries.people(admin)
    actions.reopen_person(actor=admin, person=analyst)
    analyst.refresh_from_db()
    assert analyst.is_active


def test_nobody_ends_their_own_account(admin: Person) -> None:
    with pytest.raises(ValidationError):
        actions.end_person(actor=admin, person=admin)


def test_an_administrator_of_one_place_takes_over_nobody_who_works_elsewhere_too(
    chart: Mapping[str, Person], outsider: Person
) -> None:
    Membership.objects.create(person=outsider, role="administrator", organisation=Organisation.objects.get(code="DEPA"))
    assert queries.manages(outsider, chart["officer_a"])
    for name in ("officer_b", "analyst", "admin"):
        with pytest.raises(PermissionDenied):
            actions.set_password(actor=outsider, person=chart[name], password="x" * 14)
        with pytest.raises(PermissionDenied):
            actions.end_person(actor=outsider, person=chart[name])


def test_people_are_found_by_name_and_address(chart: Mapping[str, Person]) -> None:
    assert list(queries.people(chart["admin"], "OFFICER_A@")) == [chart["officer_a"]]
    assert chart["ciso"] in queries.people(chart["admin"], "ciso")


def test_a_name_stays_taken(admin: Person, analyst: Person) -> None:
    actions.end_person(actor=admin, person=analyst)
    assert queries.taken("ANALYST")
    assert not queries.taken("nobody")


def test_an_ended_account_is_taken_over_by_nobody_who_could_not_before(ciso: Person, outsider: Person) -> None:
    Membership.objects.create(person=outsider, role="administrator", organisation=Organisation.objects.get(code="DEPB"))
    Person.objects.filter(pk=ciso.pk).update(is_active=False)
    ended = Person.objects.get(pk=ciso.pk)
    with pytest.raises(PermissionDenied):
        actions.set_password(actor=outsider, person=ended, password="mine now, thank you")
    with pytest.raises(PermissionDenied):
        actions.reopen_person(actor=outsider, person=ended)


def test_an_administrator_of_one_place_sees_its_people_and_those_without_a_role(
    chart: Mapping[str, Person], outsider: Person, client_of: Callable[[Person], Client]
) -> None:
    newcomer = actions.create_person(actor=None, username="newcomer", email="")
    Membership.objects.create(person=outsider, role="administrator", organisation=Organisation.objects.get(code="DEPA"))
    outsider = Person.objects.get(pk=outsider.pk)
    assert {p.username for p in queries.people(outsider)} == {"officer_a", "outsider", "newcomer"}
    client = client_of(outsider)
    assert client.get(f"/people/{newcomer.uuid}/").status_code == 200
    assert client.get(f"/people/{chart['analyst'].uuid}/").status_code == 404
