"""Sources and receipts on pages: who sees them, what they show, and what they never show."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from tests.rooms.intake.logs import sshd
from tocsin.platform.models import AuditEntry
from tocsin.rooms.accounts.models import ApiToken, Person
from tocsin.rooms.constituency.models import Organisation
from tocsin.rooms.intake import actions
from tocsin.rooms.intake.models import Receipt, Source

ClientOf = Callable[[Person], Client]
SECRET = b"\x00hunter2 " + b"x" * 2_000_000


@pytest.fixture
def receipt(source: Source, tmp_path: Path) -> Receipt:
    path = tmp_path / "gate.log"
    path.write_bytes(sshd(0, 3) + SECRET + b"\n")
    return actions.take_file(path, source=source)


def test_lists_show_counts_and_never_what_records_say(receipt: Receipt, analyst: Person, client_of: ClientOf) -> None:
    client = client_of(analyst)
    for address in (reverse("receipts"), reverse("receipt", args=[receipt.uuid]), reverse("sources")):
        page = client.get(address)
        assert page.status_code == 200
        assert b"hunter2" not in page.content
    assert b"line of 2,000,009 bytes" in client.get(reverse("receipt", args=[receipt.uuid])).content
    assert b"hunter2" in client.get(reverse("rejected", args=[receipt.uuid, 4])).content
    assert client.get(reverse("rejected", args=[receipt.uuid, 1])).status_code == 404


def test_a_list_comes_in_few_queries(
    receipt: Receipt,
    analyst: Person,
    client_of: ClientOf,
    source: Source,
    django_assert_max_num_queries: Callable[..., object],
) -> None:
    client = client_of(analyst)
    for address in (reverse("receipts"), reverse("receipt", args=[receipt.uuid]), reverse("sources")):
        with django_assert_max_num_queries(12):  # type: ignore[attr-defined]
            client.get(address)


def test_a_fragment_is_the_table_alone(receipt: Receipt, analyst: Person, client_of: ClientOf) -> None:
    page = client_of(analyst).get(reverse("receipts"), headers={"HX-Request": "true"})
    assert b"<html" not in page.content
    assert b"gate.log" in page.content


def test_receipts_are_filtered(receipt: Receipt, analyst: Person, client_of: ClientOf) -> None:
    client = client_of(analyst)
    for query, there in {
        "?state=problems": True,
        "?state=hits": False,
        f"?source={receipt.source.uuid}": True,
        f"?source={uuid4()}": False,
        "?source=nonsense&state=nonsense": True,
    }.items():
        assert (b"gate.log" in client.get(reverse("receipts") + query).content) is there


def test_those_without_the_right_see_nothing(
    receipt: Receipt, officer_a: Person, outsider: Person, client_of: ClientOf
) -> None:
    for person in (officer_a, outsider):
        for name, given in (("receipts", []), ("sources", []), ("receipt", [receipt.uuid]), ("source_new", [])):
            assert client_of(person).get(reverse(name, args=given)).status_code == 403


def test_sources_out_of_reach_are_as_if_they_were_not(
    receipt: Receipt, responder: Person, admin: Person, client_of: ClientOf
) -> None:
    other = Organisation.objects.get(code="OTHER")
    Source.objects.update(organisation=other)
    for person in (responder, admin):
        client = client_of(person)
        assert client.get(reverse("receipt", args=[receipt.uuid])).status_code == 404
        assert client.get(reverse("receipt", args=[uuid4()])).status_code == 404
        assert client.get(reverse("source", args=[receipt.source.uuid])).status_code == 404
        assert b"gate.log" not in client.get(reverse("receipts")).content


def test_who_may_not_see_alerts_does_not_read_rejected_records(
    receipt: Receipt, admin: Person, client_of: ClientOf
) -> None:
    client = client_of(admin)
    assert client.get(reverse("receipt", args=[receipt.uuid])).status_code == 200
    assert client.get(reverse("rejected", args=[receipt.uuid, 4])).status_code == 404


def test_an_administrator_makes_a_source_and_a_token_for_it(admin: Person, client_of: ClientOf) -> None:
    client = client_of(admin)
    place = Organisation.objects.get(code="DEPA")
    given = {"name": "firewall", "organisation": place.pk, "format": "syslog", "tlp": "AMBER"}
    assert client.post(reverse("source_new"), given).status_code == 302
    source = Source.objects.get()
    assert (source.name, source.organisation, source.format) == ("firewall", place, "syslog")
    assert b"Another source has this name" in client.post(reverse("source_new"), given).content
    page = client.post(reverse("source_token", args=[source.uuid]), {"name": "agent", "days": "30"})
    token = ApiToken.objects.get()
    assert (token.source, token.verbs) == (source.uuid, [])
    assert token.prefix.encode() in page.content
    changed = given | {"name": "firewall 2", "organisation": "", "format": ""}
    assert client.post(reverse("source", args=[source.uuid]), changed).status_code == 302
    source.refresh_from_db()
    assert (source.name, source.organisation, source.active) == ("firewall 2", None, False)
    assert AuditEntry.objects.filter(verb__startswith="source.").count() == 2


def test_an_analyst_changes_no_source(analyst: Person, source: Source, client_of: ClientOf) -> None:
    client = client_of(analyst)
    assert client.get(reverse("source", args=[source.uuid])).status_code == 200
    assert client.post(reverse("source", args=[source.uuid]), {"name": "x"}).status_code == 403
    assert client.post(reverse("source_token", args=[source.uuid]), {"name": "x"}).status_code == 403
    assert client.get(reverse("source_new")).status_code == 403


def test_a_source_cannot_be_given_to_an_organisation_out_of_reach(admin: Person, client_of: ClientOf) -> None:
    other = Organisation.objects.get(code="OTHER")
    given = {"name": "firewall", "organisation": other.pk, "format": "", "tlp": "AMBER"}
    assert client_of(admin).post(reverse("source_new"), given).status_code == 200
    assert Source.objects.count() == 0
