"""A correction or a withdrawal tells exactly those who had the old edition, and what changed."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from tests.rooms.notices.conftest import mails, part, seen
from tocsin.platform.models import OutboxMessage
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.constituency.models import Membership
from tocsin.rooms.notices import actions, queries
from tocsin.rooms.notices.actions import Said
from tocsin.rooms.notices.models import Notice

Write = Callable[..., Notice]
CHANGES = {"en": {"text": "One address was wrong."}, "fr": {"text": ""}}


def correct(notice: Notice, actor: Person, text: str = "") -> dict[str, str]:
    before = OutboxMessage.objects.count()
    actions.correct(actor=actor, notice=notice, changes=CHANGES, text=text)
    actions.send(actor=actor, notice=notice, seen=seen(notice))
    new = list(OutboxMessage.objects.order_by("id")[before:])
    return {message.recipient: f"{message.subject}\n{message.body}" for message in new}


def test_those_who_had_it_are_told_what_changed(sent: Write, analyst: Person) -> None:
    notice = sent()
    told = correct(notice, analyst, "192.0.2.8\n192.0.2.200\n")
    assert set(told) == {"officer_a@tocsin.example", "officer_b@tocsin.example"}
    body = told["officer_a@tocsin.example"]
    assert "One address was wrong." in body
    assert "+ 192.0.2.8" in body
    assert "- 192.0.2[.]7" in body or "- 192.0.2.7" in body
    assert "192.0.2.200" not in body
    assert "192.0.2.8" not in told["officer_b@tocsin.example"]
    assert "\n  + " not in told["officer_b@tocsin.example"]


def test_whoever_was_told_before_is_told_and_nobody_else(sent: Write, analyst: Person, officer_b: Person) -> None:
    notice = sent()
    Membership.objects.filter(person=officer_b).update(person=analyst)
    told = correct(notice, analyst)
    assert set(told) == {"officer_a@tocsin.example", "officer_b@tocsin.example"}


def test_whoever_is_new_is_told_for_the_first_time(sent: Write, analyst: Person) -> None:
    notice = sent("192.0.2.7")
    told = correct(notice, analyst, "192.0.2.7\n192.0.2.200\n")
    assert "This is edition 2" in told["officer_a@tocsin.example"]
    assert part(notice, "DEPB").tellings.get().why == "first"


def test_whom_it_concerns_no_more_is_told_so_and_released(sent: Write, analyst: Person) -> None:
    notice = sent()
    told = correct(notice, analyst, "192.0.2.7")
    assert "Nothing of it concerns you any more." in told["officer_b@tocsin.example"]
    assert (part(notice, "DEPB").state, part(notice, "DEPB").settled) == ("released", True)
    assert part(notice, "DEPA").state == "told"


def test_what_is_new_must_be_answered_anew_and_what_is_the_same_need_not(sent: Write, analyst: Person) -> None:
    notice = sent()
    for code in ("DEPA", "DEPB"):
        actions.answer(part=part(notice, code), said=Said("done", "page", "x"))
    correct(notice, analyst, "192.0.2.7\n192.0.2.8\n192.0.2.200")
    assert (part(notice, "DEPA").state, part(notice, "DEPB").state) == ("told", "done")
    notice.refresh_from_db()
    assert notice.state == "open"


def test_a_withdrawal_ends_it(sent: Write, analyst: Person) -> None:
    notice = sent()
    actions.withdraw(actor=analyst, notice=notice, changes={"en": {"text": "It was a test."}})
    actions.send(actor=analyst, notice=notice, seen=seen(notice))
    for body in mails().values():
        assert "We withdraw the notice below." in body
        assert "It was a test." in body
    notice.refresh_from_db()
    assert notice.state == "withdrawn"
    assert set(notice.parts.values_list("state", "settled")) == {("withdrawn", True)}
    with pytest.raises(actions.NoticeError):
        actions.correct(actor=analyst, notice=notice, changes=CHANGES)


def test_one_new_edition_at_a_time_and_it_can_be_thrown_away(sent: Write, analyst: Person) -> None:
    notice = sent()
    actions.correct(actor=analyst, notice=notice, changes=CHANGES)
    with pytest.raises(actions.NoticeError, match="waits to be sent"):
        actions.correct(actor=analyst, notice=notice, changes=CHANGES)
    actions.discard(actor=analyst, notice=notice)
    assert notice.editions.count() == 1
    assert part(notice, "DEPA").state == "told"


def test_the_pages_of_it(sent: Write, analyst: Person, client_of: Callable[[Person], Client]) -> None:
    notice, client = sent(), client_of(analyst)
    assert client.get(f"/notices/{notice.uuid}/correct/").status_code == 200
    page = client.post(f"/notices/{notice.uuid}/correct/", {"text_en": "x", "values": "192.0.2.8"}, follow=True)
    text = page.content.decode()
    assert "Preview of edition 2" in text
    assert "192.0.2.8" in text
    client.post(f"/notices/{notice.uuid}/discard/")
    page = client.post(f"/notices/{notice.uuid}/withdraw/", {"text_en": "x"}, follow=True)
    assert "was told before" in page.content.decode()


def test_whom_it_concerned_once_is_not_told_of_what_follows(sent: Write, analyst: Person) -> None:
    notice = sent()
    correct(notice, analyst, "192.0.2.7")
    assert set(correct(notice, analyst, "192.0.2.8")) == {"officer_a@tocsin.example"}
    assert part(notice, "DEPB").state == "released"
    assert set(correct(notice, analyst, "192.0.2.8\n192.0.2.200")) == {
        "officer_a@tocsin.example",
        "officer_b@tocsin.example",
    }
    assert part(notice, "DEPB").state == "told"


def test_whom_nobody_reached_and_it_concerns_no_more_hears_nothing(sent: Write, analyst: Person) -> None:
    Membership.objects.filter(role="officer", organisation__code="DEPB").delete()
    Membership.objects.filter(role="ciso").delete()
    notice = sent()
    assert part(notice, "DEPB").state == "unreached"
    Membership.objects.create(person=analyst, role="officer", organisation=part(notice, "DEPB").organisation)
    assert set(correct(notice, analyst, "192.0.2.7")) == {"officer_a@tocsin.example"}
    assert (part(notice, "DEPB").state, part(notice, "DEPB").settled) == ("released", True)


def test_the_telephone_list_reads_out_what_was_sent(sent: Write, analyst: Person) -> None:
    notice = sent(texts={"en": {"text": "First text."}})
    texts = {"en": {"subject": "t", "text": "Not sent yet."}}
    actions.correct(actor=analyst, notice=notice, changes=CHANGES, texts=texts)
    read_out = {call.part.organisation.code: call for call in queries.calls(analyst, notice)}
    assert {call.text for call in read_out.values()} == {"First text."}
    assert [fact["value"] for fact in read_out["DEPA"].facts] == ["192.0.2.7"]
    assert [fact["value"] for fact in read_out["DEPB"].facts] == ["192.0.2.200"]
