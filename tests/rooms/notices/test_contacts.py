"""Contacts are asked by mail whether they are still right, and one click says so."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from tests.rooms.notices.conftest import contact, mails
from tocsin.platform.models import AuditEntry, OutboxMessage
from tocsin.rooms.constituency.models import Contact
from tocsin.rooms.notices import actions


@pytest.fixture
def old(ranges: None) -> Contact:
    return contact("DEPA", "officer", "a@a.example", confirmed_at=timezone.now() - timedelta(days=85))


def link() -> str:
    found = re.search(r"/confirm/\S+", mails()["a@a.example"])
    assert found
    return found[0]


def test_one_click_says_that_it_is_still_right(old: Contact, client: Client) -> None:
    contact("DEPB", "officer", "fresh@b.example")
    assert actions.ask_to_confirm() == 1
    assert set(mails()) == {"a@a.example"}
    assert actions.ask_to_confirm() == 0
    before = old.confirmed_at
    assert "a@a.example" in client.get(link()).content.decode()
    old.refresh_from_db()
    assert old.confirmed_at == before
    assert "Thank you" in client.post(link()).content.decode()
    old.refresh_from_db()
    assert old.confirmed_at is not None
    assert timezone.now() - old.confirmed_at < timedelta(minutes=1)
    assert AuditEntry.objects.filter(verb="constituency.confirm_contact", actor=None).exists()


def test_a_link_that_was_made_up_confirms_nothing(old: Contact, client: Client) -> None:
    actions.ask_to_confirm()
    for wrong in (link()[:-5] + "/", "/confirm/x/", f"/confirm/{old.uuid.hex}.x/"):
        assert client.post(wrong).status_code == 404
    old.refresh_from_db()
    assert old.confirmed_at is not None
    assert timezone.now() - old.confirmed_at > timedelta(days=80)


def test_whose_mail_comes_back_is_not_asked_and_whoever_is_silent_is_asked_again(old: Contact) -> None:
    Contact.objects.update(bounced_at=timezone.now())
    assert actions.ask_to_confirm() == 0
    Contact.objects.update(bounced_at=None)
    assert actions.ask_to_confirm() == 1
    Contact.objects.update(asked_at=timezone.now() - timedelta(days=15))
    assert actions.ask_to_confirm() == 1
    assert OutboxMessage.objects.count() == 2
