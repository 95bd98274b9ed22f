"""What is wrong with one address harms nobody else, and what must be encrypted always is."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from pysequoia import Tsk

from tests.rooms.notices.conftest import contact, mails, part
from tocsin.platform.models import OutboxMessage
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.constituency.models import Membership
from tocsin.rooms.notices.models import Notice

Write = Callable[..., Notice]
NO_ADDRESS = ("nonsense", "a@x..example", f"a@{'é' * 60}.example")


@pytest.mark.parametrize("address", NO_ADDRESS, ids=["no at", "two dots", "too long"])
def test_whoever_has_no_usable_address_is_passed_over(sent: Write, officer_a: Person, address: str) -> None:
    Person.objects.filter(pk=officer_a.pk).update(email=address)
    contact("DEPA", "deputy", "deputy@a.example")
    sent()
    assert set(mails()) == {"deputy@a.example", "officer_b@tocsin.example"}


@pytest.mark.parametrize("address", NO_ADDRESS, ids=["no at", "two dots", "too long"])
def test_nobody_with_a_usable_address_is_said(sent: Write, officer_a: Person, address: str) -> None:
    Membership.objects.filter(role="ciso").delete()
    Person.objects.filter(pk=officer_a.pk).update(email=address)
    notice = sent()
    assert (part(notice, "DEPA").state, bool(part(notice, "DEPA").trouble)) == ("unreached", True)
    assert set(mails()) == {"officer_b@tocsin.example"}


def test_an_address_that_must_be_encrypted_to_is_so_in_every_role(sent: Write, officer_a: Person) -> None:
    key = str(Tsk.generate("a@tocsin.example").extract_certificate())
    contact("DEPA", "head", officer_a.email.upper(), key=key, only_encrypted=True)
    sent("192.0.2.7")
    assert OutboxMessage.objects.get().key == key


def test_must_be_encrypted_and_no_key_is_known(sent: Write) -> None:
    Membership.objects.filter(role="officer").delete()
    contact("DEPA", "officer", "a@a.example", only_encrypted=True)
    contact("DEPA", "deputy", "deputy@a.example")
    sent("192.0.2.7")
    assert set(mails()) == {"deputy@a.example"}
