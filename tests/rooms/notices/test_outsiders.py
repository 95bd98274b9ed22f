"""Whoever may see some organisations learns nothing of the others."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from tests.rooms.notices.conftest import mails, part, seen
from tocsin.platform import outbox
from tocsin.platform.models import OutboxMessage
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.constituency.models import Asset, Membership, Organisation
from tocsin.rooms.desk import queries as desk
from tocsin.rooms.notices import actions
from tocsin.rooms.notices.models import Notice, Telling

Write = Callable[..., Notice]
ClientOf = Callable[[Person], Client]


@pytest.fixture
def reader(outsider: Person) -> Callable[..., Person]:
    """Give the outsider roles: role and organisation in turn."""

    def become(*held: str) -> Person:
        for role, code in zip(held[::2], held[1::2], strict=True):
            place = Organisation.objects.get(code=code)
            Membership.objects.create(person=outsider, role=role, organisation=place)
        return outsider

    return become


@pytest.mark.parametrize(("code", "shown"), [("INST", "Of 2 told"), ("DEPA", "Of 1 told"), ("OTHER", "")])
@pytest.mark.parametrize("role", ["board_member", "ciso"])
def test_the_board_reads_of_its_own_house(
    sent: Write, reader: Callable[..., Person], client_of: ClientOf, role: str, code: str, shown: str
) -> None:
    sent()
    sent("192.0.2.7", title="Named people", tlp="RED")
    page = client_of(reader(role, code)).get("/notices/board/").content.decode()
    assert ("Command server" in page) == bool(shown)
    assert shown in page
    assert "Named people" not in page


def test_the_preview_says_nothing_of_organisations_one_may_not_see(
    draft: Write, reader: Callable[..., Person], client_of: ClientOf
) -> None:
    Membership.objects.filter(role__in=("officer", "ciso")).delete()
    notice = draft("192.0.2.7\n192.0.2.200\nstrange~value\n", texts={"en": {"text": "Name of DEPB is hit."}})
    shown = client_of(reader("ciso", "DEPA")).get(f"/notices/{notice.uuid}/").context
    assert [row.part.organisation.code for row in shown["plan"].unreached] == ["DEPA"]
    assert (list(shown["plan"].warnings), shown["notice"].unread) == ([], [])


def test_a_draft_for_ones_own_is_not_seen_by_a_role_elsewhere(
    draft: Write, reader: Callable[..., Person], client_of: ClientOf
) -> None:
    notice = draft()
    client = client_of(reader("ciso", "DEPB", "officer", "DEPA"))
    assert client.get(f"/notices/part/{part(notice, 'DEPB').uuid}/").status_code == 200
    assert client.get(f"/notices/part/{part(notice, 'DEPA').uuid}/").status_code == 404


def test_nobody_reads_or_answers_for_others(
    sent: Write, officer_a: Person, officer_b: Person, admin: Person, client_of: ClientOf
) -> None:
    own = part(sent(), "DEPA")
    for person, forms in (
        (officer_b, {"kind": "done"}),
        (officer_b, {"kind": "done", "name": "x"}),
        (officer_a, {"kind": "done", "name": "x"}),  # a note of a telephone call is not theirs to make
        (admin, {"kind": "done"}),
    ):
        assert client_of(person).post(f"/notices/part/{own.uuid}/answer/", forms).status_code in {403, 404}
    for person in (officer_a, admin):
        assert client_of(person).post(f"/notices/part/{own.uuid}/telephone/", {}).status_code == 403
        for act in ("send", "rest", "discard", "correct", "withdraw"):
            assert client_of(person).post(f"/notices/{own.notice.uuid}/{act}/").status_code == 403
    assert part(own.notice, "DEPA").state == "told"


def test_one_address_for_two_departments_gets_a_mail_and_a_link_for_each(
    sent: Write, officer_a: Person, officer_b: Person, client: Client
) -> None:
    Person.objects.filter(pk=officer_b.pk).update(email=officer_a.email.upper())
    notice = sent()
    for code, own, other in (("DEPA", "192.0.2.7", "192.0.2.200"), ("DEPB", "192.0.2.200", "192.0.2.7")):
        (telling,) = Telling.objects.filter(part=part(notice, code))
        assert telling.message is not None
        link = telling.message.body.split("/answer/")[1].split("\n")[0]
        page = client.get(f"/answer/{link}").content.decode()
        assert f">{own}<" in page
        assert f">{other}<" not in page
    client.post(f"/answer/{link}", {"kind": "done"})
    assert (part(notice, "DEPA").state, part(notice, "DEPB").state) == ("told", "done")


@pytest.mark.parametrize("change", [lambda t: t[:-1], lambda t: t.replace(".", "x"), lambda t: "0" * 32 + t[32:]])
def test_a_link_that_was_touched_leads_nowhere(sent: Write, client: Client, change: Callable[[str], str]) -> None:
    sent("192.0.2.7")
    token = next(iter(mails().values())).split("/answer/")[1].split("/")[0]
    assert client.get(f"/answer/{token}/").status_code == 200
    assert client.get(f"/answer/{change(token)}/").status_code == 404


def test_a_title_adds_no_header_and_no_markup(sent: Write, analyst: Person, client_of: ClientOf) -> None:
    title = "A\r\nBcc: x@evil.example\u2028\u202e<script>\U0001f512{{ link }}"
    notice = sent("192.0.2.7", title=title, texts={"en": {"text": "{title} {{ link }} <b>" + "x" * 20_000}})
    assert outbox.deliver_due() == 1
    message = OutboxMessage.objects.get()
    assert message.state == "sent"
    assert "\n" not in message.subject
    page = client_of(analyst).get(f"/notices/{notice.uuid}/").content.decode()
    assert "<script>\U0001f512" not in page
    assert "&lt;script&gt;" in page


def test_a_formula_is_no_formula_in_the_file(sent: Write) -> None:
    Asset.objects.create(organisation=Organisation.objects.get(code="DEPA"), kind="mail_domain", value="x.example")
    sent("=cmd@x.example")
    (file,) = OutboxMessage.objects.get().attachments.all()
    assert "=cmd@x.example" in file.text
    assert "\n=" not in file.text


def test_the_withdrawn_is_answered_by_no_link(sent: Write, analyst: Person, client: Client) -> None:
    notice = sent("192.0.2.7")
    link = next(iter(mails().values())).split("/answer/")[1].split("/")[0]
    actions.answer(part=part(notice, "DEPA"), said=actions.Said("done", "page", "x"))
    notice.refresh_from_db()
    assert notice.state == "closed"
    client.post(f"/answer/{link}/", {"kind": "refused", "text": "it came back"})
    notice.refresh_from_db()
    assert (notice.state, part(notice, "DEPA").state) == ("open", "refused")
    actions.withdraw(actor=analyst, notice=notice, changes={"en": {"text": "x"}})
    actions.send(actor=analyst, notice=notice, seen=seen(notice))
    page = client.post(f"/answer/{link}/", {"kind": "done"}).content.decode()
    assert "no answer is needed" in page
    assert part(notice, "DEPA").state == "withdrawn"


def test_the_audit_trail_names_no_organisation_one_may_not_see(sent: Write, reader: Callable[..., Person]) -> None:
    sent()
    sent("192.0.2.7", title="Ours alone")
    person = reader("ciso", "DEPA")
    kept = [str(entry.details) for entry in desk.trail(person, verb="notice.draft")]
    assert len(kept) == 1
    assert "Ours alone" in kept[0]
