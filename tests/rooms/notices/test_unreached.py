"""Whoever is not told stands on the list until they are; whoever left learns nothing new."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from pysequoia import Tsk

from tests.rooms.notices.conftest import contact, mails, part, rest, seen
from tocsin.platform.models import OutboxMessage
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.constituency.models import Contact, Membership, Organisation
from tocsin.rooms.notices import actions, queries
from tocsin.rooms.notices.actions import Said
from tocsin.rooms.notices.models import Notice, Part, Telling

Write = Callable[..., Notice]
CHANGES = {"en": {"text": "See below."}}


def correct(notice: Notice, actor: Person, text: str = "") -> list[OutboxMessage]:
    before = OutboxMessage.objects.count()
    actions.correct(actor=actor, notice=notice, changes=CHANGES, text=text)
    actions.send(actor=actor, notice=notice, seen=seen(notice))
    return list(OutboxMessage.objects.order_by("id")[before:])


def withdraw(notice: Notice, actor: Person) -> None:
    actions.withdraw(actor=actor, notice=notice, changes=CHANGES)
    actions.send(actor=actor, notice=notice, seen=seen(notice))


def nobody_at_all() -> None:
    Membership.objects.filter(role__in=("officer", "ciso")).delete()


def bounce() -> None:
    actions.not_reached(telling=Telling.objects.filter(failed_at=None).latest("pk"), reason="550 no such user")


def test_a_correction_that_reaches_nobody_stands_on_the_list(sent: Write, analyst: Person) -> None:
    notice = sent()
    place = Organisation.objects.filter(code="DEPA")
    place.update(active=False)
    assert {m.recipient for m in correct(notice, analyst)} == {"officer_b@tocsin.example"}
    missed = part(notice, "DEPA")
    assert (missed.state, missed.missed, missed.trouble) == ("told", True, "The organisation has ended.")
    assert missed.edition is not None
    assert missed.edition.number == 1
    place.update(active=True)
    assert rest(notice, analyst).organisations == 1
    told = part(notice, "DEPA")
    assert (told.state, told.trouble, told.edition and told.edition.number) == ("told", "", 2)


def test_whoever_stands_in_later_is_told_when_all_mail_came_back(sent: Write, analyst: Person) -> None:
    nobody_at_all()
    contact("DEPA", "officer", "gone@a.example")
    notice = sent("192.0.2.7")
    bounce()
    assert rest(notice, analyst).unreached == 1  # nobody is told twice of the same
    assert (part(notice, "DEPA").state, OutboxMessage.objects.count()) == ("unreached", 1)
    contact("DEPA", "deputy", "deputy@a.example")
    assert rest(notice, analyst).unreached == 0
    assert (part(notice, "DEPA").state, set(mails())) == ("told", {"gone@a.example", "deputy@a.example"})


def test_a_correction_is_tried_again_where_the_one_before_came_back(sent: Write, analyst: Person) -> None:
    nobody_at_all()
    contact("DEPA", "officer", "officer@a.example")
    notice = sent("192.0.2.7")
    correct(notice, analyst)
    bounce()
    assert part(notice, "DEPA").state == "unreached"
    assert rest(notice, analyst).unreached == 1
    assert part(notice, "DEPA").state == "unreached"
    assert [m.recipient for m in correct(notice, analyst)] == ["officer@a.example"]
    assert part(notice, "DEPA").state == "told"


def test_who_had_done_it_and_cannot_be_told_of_a_correction_has_done_it_still(sent: Write, analyst: Person) -> None:
    nobody_at_all()
    contact("DEPA", "officer", "officer@a.example")
    notice = sent("192.0.2.7")
    actions.answer(part=part(notice, "DEPA"), said=Said("done", "page", "x"))
    Organisation.objects.filter(code="DEPA").update(active=False)
    correct(notice, analyst)
    missed = part(notice, "DEPA")
    assert (missed.state, missed.settled, missed.missed, bool(missed.trouble)) == ("done", True, True, True)
    assert missed in queries.stuck_parts(analyst)
    Organisation.objects.filter(code="DEPA").update(active=True)
    assert rest(notice, analyst).unreached == 0
    after = part(notice, "DEPA")
    assert (after.state, after.missed, after.trouble) == ("done", False, "")
    assert after.edition == notice.editions.latest("number")
    assert after not in queries.stuck_parts(analyst)


def test_a_correction_thrown_away_takes_nobody_off_the_list(sent: Write, analyst: Person) -> None:
    nobody_at_all()
    notice = sent("192.0.2.7")
    actions.correct(actor=analyst, notice=notice, changes=CHANGES, text="192.0.2.7 192.0.2.200")
    actions.discard(actor=analyst, notice=notice)
    assert list(notice.parts.values_list("organisation__code", "state")) == [("DEPA", "unreached")]


def test_a_withdrawal_ends_it_for_those_never_told_as_well(sent: Write, analyst: Person) -> None:
    nobody_at_all()
    contact("DEPB", "officer", "b@b.example")
    notice = sent()
    withdraw(notice, analyst)
    assert part(notice, "DEPA").state == "withdrawn"
    before = OutboxMessage.objects.count()
    contact("DEPA", "officer", "a@a.example")
    actions.told_by_telephone(actor=analyst, part=part(notice, "DEPA"), name="x", number="1", at=timezone.now())
    Part.objects.filter(next_step_at__isnull=False).update(next_step_at=timezone.now())
    assert actions.step_due() == 0
    with pytest.raises(actions.NoticeError):
        rest(notice, analyst)
    assert OutboxMessage.objects.count() == before


def test_a_correction_says_until_when_what_is_new_must_be_answered(sent: Write, analyst: Person) -> None:
    notice = sent("192.0.2.7")
    Part.objects.update(due_at=timezone.now() - timedelta(days=9))
    (message,) = correct(notice, analyst, "192.0.2.7 192.0.2.8")
    due = part(notice, "DEPA").due_at
    assert due is not None
    assert due > timezone.now()
    assert f"before {due:%Y-%m-%d %H:%M} UTC" in message.body


def test_whom_it_concerns_no_more_is_asked_nothing(sent: Write, analyst: Person) -> None:
    notice = sent()
    body = {m.recipient: m.body for m in correct(notice, analyst, "192.0.2.7")}
    assert "Please answer before" in body["officer_a@tocsin.example"]
    assert "Please answer before" not in body["officer_b@tocsin.example"]


def test_whoever_left_learns_nothing_new_and_whoever_came_is_told(
    sent: Write, analyst: Person, officer_a: Person, outsider: Person
) -> None:
    notice = sent("192.0.2.7")
    Membership.objects.filter(person=officer_a).update(person=outsider)
    told = {m.recipient: m for m in correct(notice, analyst, "192.0.2.7\n192.0.2.8")}
    assert set(told) == {officer_a.email, outsider.email}
    left, came = told[officer_a.email], told[outsider.email]
    assert "192.0.2.8" not in left.body + left.attachments.get().text
    assert "192.0.2.8" in came.body
    assert "192.0.2.8" in came.attachments.get().text


def test_whoever_left_is_written_to_as_before_encrypted(sent: Write, analyst: Person) -> None:
    nobody_at_all()
    key = str(Tsk.generate("a@a.example").extract_certificate())
    contact("DEPA", "officer", "a@a.example", key=key, only_encrypted=True)
    notice = sent("192.0.2.7")
    Contact.objects.all().delete()
    assert [m.key for m in correct(notice, analyst)] == [key]


def test_a_key_lost_after_the_preview_is_looked_at(draft: Write, analyst: Person) -> None:
    key = str(Tsk.generate("a@a.example").extract_certificate())
    Membership.objects.filter(role="officer").delete()
    desk = contact("DEPA", "officer", "a@a.example", key=key)
    notice = draft("192.0.2.7")
    before = seen(notice)
    Contact.objects.filter(pk=desk.pk).update(key="")
    with pytest.raises(actions.LookAgain):
        actions.send(actor=analyst, notice=notice, seen=before)


def test_what_was_answered_before_holds_where_nothing_is_new(sent: Write, analyst: Person) -> None:
    notice = sent("192.0.2.7")
    actions.answer(part=part(notice, "DEPA"), said=Said("done", "page", "x"))
    correct(notice, analyst)
    assert part(notice, "DEPA").state == "done"
