"""Misuse by insiders: purpose first, sealed from the start, and personal content only after a second person agreed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from tests.rooms.incidents.insiders import GROUND, GROUND_PARTS, added, granted, opens
from tocsin.platform.models import AuditEntry
from tocsin.rooms.artefacts.models import CustodyEntry
from tocsin.rooms.constituency.models import Organisation
from tocsin.rooms.desk import queries as desk
from tocsin.rooms.incidents import actions
from tocsin.rooms.incidents.actions import Ground
from tocsin.rooms.incidents.models import Incident, PersonalAccess, PersonalItem
from tocsin.rooms.notifications.models import Notification

if TYPE_CHECKING:
    from django.test import Client

    from tocsin.rooms.accounts.models import Person

ClientOf = Callable[["Person"], "Client"]

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


def test_those_who_may_answer_are_told_again_until_somebody_does(
    note: PersonalItem, responder: Person, ciso: Person, guardian: Person
) -> None:
    def reminded() -> list[str]:
        lines = Notification.objects.filter(kind="personal_waits").order_by("person__username")
        return list(lines.values_list("person__username", flat=True))

    asked = actions.ask_personal(actor=responder, item=note, purpose="p")
    actions.remind_of_requests()
    assert reminded() == []
    PersonalAccess.objects.update(created_at=timezone.now() - timedelta(hours=9))
    actions.remind_of_requests()
    actions.remind_of_requests()
    once = reminded()
    assert once == sorted([ciso.username, guardian.username])
    Notification.objects.all().delete()
    PersonalAccess.objects.update(asked_again_at=timezone.now() - timedelta(hours=9))
    actions.remind_of_requests()
    assert reminded() == once
    actions.decide_personal(actor=ciso, access=asked, grant=True)
    Notification.objects.all().delete()
    PersonalAccess.objects.update(asked_again_at=timezone.now() - timedelta(hours=9))
    actions.remind_of_requests()
    assert reminded() == []


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


# Kept for a court, and destroyed.


def test_on_legal_hold_nobody_destroys_an_item(note: PersonalItem, responder: Person) -> None:
    actions.hold_personal(actor=responder, item=note, reason="court order 17")
    with pytest.raises(ValidationError, match="on legal hold"):
        actions.destroy_personal(actor=responder, item=note, reason="old")
    with pytest.raises(ValidationError, match="Say why"):
        actions.release_personal(actor=responder, item=note, reason=" ")
    actions.release_personal(actor=responder, item=note, reason="court order 18")
    actions.destroy_personal(actor=responder, item=note, reason="nobody needs it")
    acts = list(note.artefact.custody.order_by("number").values_list("act", "person", "reason"))
    assert acts[-3:] == [
        ("held", responder.pk, "court order 17"),
        ("released", responder.pk, "court order 18"),
        ("destroyed", responder.pk, "nobody needs it"),
    ]
    told = list(note.incident.timeline.order_by("id").values_list("event", "text"))
    assert told[-3:] == [("personal_held", ""), ("personal_released", ""), ("personal_destroyed", "")]


def test_a_destroyed_item_ends_its_grants_and_is_not_opened(
    note: PersonalItem, responder: Person, guardian: Person
) -> None:
    access = granted(note, responder, guardian)
    actions.destroy_personal(actor=responder, item=note, reason="nobody needs it")
    access.refresh_from_db()
    assert (access.state, access.withdrawn_by, access.opened) == ("withdrawn", responder, 0)
    assert not opens(responder, note)
    with pytest.raises(ValidationError, match="destroyed"):
        actions.ask_personal(actor=responder, item=note, purpose="To see what left.")


def test_only_the_named_hold_release_and_destroy(note: PersonalItem, analyst: Person) -> None:
    for act in (actions.hold_personal, actions.release_personal, actions.destroy_personal):
        with pytest.raises(PermissionDenied):
            act(actor=analyst, item=note, reason="x")
    note.artefact.refresh_from_db()
    assert not note.artefact.held
    assert note.artefact.destroyed_at is None
