"""Answers by the signed link, on the page and on the telephone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.utils import timezone

from tests.rooms.notices.conftest import contact, mails, part
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.constituency.models import Membership
from tocsin.rooms.notices import actions, queries
from tocsin.rooms.notices.actions import Said
from tocsin.rooms.notices.models import Answer, Notice, Telling

ClientOf = Callable[[Person], Client]
Write = Callable[..., Notice]


def link_of(notice: Notice, code: str) -> str:
    telling = Telling.objects.get(part__notice=notice, part__organisation__code=code)
    return "/answer/" + queries.link(telling).split("/answer/")[1]


def say(notice: Notice, code: str, kind: str, **more: Any) -> Answer:
    return actions.answer(part=part(notice, code), said=Said(kind, "page", "Officer", **more))


def test_the_mail_carries_a_link_that_shows_ones_own_row_only(sent: Write, client: Client) -> None:
    notice = sent()
    link = link_of(notice, "DEPA")
    assert link in mails()["officer_a@tocsin.example"]
    page = client.get(link).content.decode()
    assert "192.0.2.7" in page
    assert "192.0.2.200" not in page
    assert "Name of DEPB" not in page
    assert "officer_b" not in page


def test_a_scanner_that_opens_every_link_changes_nothing(sent: Write, client: Client) -> None:
    notice = sent()
    before = list(notice.parts.order_by("pk").values())
    tellings = list(Telling.objects.order_by("pk").values())
    for _scan in range(3):
        assert client.get(link_of(notice, "DEPA")).status_code == 200
        assert client.head(link_of(notice, "DEPA")).status_code == 200
    assert client.put(link_of(notice, "DEPA")).status_code == 405
    assert list(notice.parts.order_by("pk").values()) == before
    assert list(Telling.objects.order_by("pk").values()) == tellings
    assert not Answer.objects.exists()


def test_the_link_takes_an_answer_and_then_a_better_one(sent: Write, client: Client) -> None:
    notice = sent()
    link = link_of(notice, "DEPA")
    assert "Thank you" in client.post(link, {"kind": "acknowledged", "name": "Ann"}).content.decode()
    assert (part(notice, "DEPA").state, part(notice, "DEPA").settled) == ("acknowledged", False)
    client.post(link, {"kind": "planned", "planned_for": "2026-12-24"})
    assert part(notice, "DEPA").planned_for == date(2026, 12, 24)
    client.post(link, {"kind": "done", "text": "blocked"})
    assert (part(notice, "DEPA").state, part(notice, "DEPA").settled) == ("done", True)
    client.post(link, {"kind": "acknowledged"})  # takes nothing back
    assert part(notice, "DEPA").state == "done"
    assert Answer.objects.count() == 4
    assert Answer.objects.earliest("pk").name == "Ann (officer_a@tocsin.example)"
    assert part(notice, "DEPB").state == "told"


@pytest.mark.parametrize(
    "given",
    [{}, {"kind": "nonsense"}, {"kind": "not_applicable"}, {"kind": "refused", "text": "  "}, {"kind": "planned"},
     {"kind": "planned", "planned_for": "soon"}, {"kind": "question"}],
)  # fmt: skip
def test_an_answer_that_is_none_is_sent_back(sent: Write, client: Client, given: dict[str, str]) -> None:
    notice = sent()
    page = client.post(link_of(notice, "DEPA"), given)
    assert page.status_code == 200
    assert "errorlist" in page.content.decode() or "error" in page.content.decode()
    assert not Answer.objects.exists()


def test_a_link_that_was_made_up_or_cut_opens_nothing(sent: Write, client: Client) -> None:
    notice = sent()
    link = link_of(notice, "DEPA")
    other = link_of(notice, "DEPB")
    forged = link.split(".")[0] + "." + other.split(".")[1]
    for wrong in (link[:-6] + "/", forged, "/answer/x/", "/answer/" + "0" * 500 + "/"):
        assert client.get(wrong).status_code == 404
        assert client.post(wrong, {"kind": "done"}).status_code == 404
    assert not Answer.objects.exists()


def test_the_link_of_somebody_who_left_is_over(sent: Write, client: Client) -> None:
    notice = sent()
    Membership.objects.filter(role="officer", organisation__code="DEPA").delete()
    page = client.get(link_of(notice, "DEPA"))
    assert (page.status_code, "192.0.2.7" in page.content.decode()) == (404, False)
    assert client.post(link_of(notice, "DEPA"), {"kind": "done"}).status_code == 404


def test_after_the_withdrawal_no_answer_is_needed(sent: Write, analyst: Person, client: Client) -> None:
    notice = sent()
    edition = actions.withdraw(actor=analyst, notice=notice, changes={"en": {"text": "a mistake"}})
    actions.send(actor=analyst, notice=notice, seen=queries.plan(edition).digest)
    page = client.post(link_of_first(notice), {"kind": "done"}).content.decode()
    assert "no answer is needed" in page
    assert not Answer.objects.exists()


def link_of_first(notice: Notice) -> str:
    telling = Telling.objects.filter(part__notice=notice, part__organisation__code="DEPA").order_by("pk")[0]
    return "/answer/" + queries.link(telling).split("/answer/")[1]


def test_what_is_for_named_people_is_not_on_a_page_without_sign_in(sent: Write, client: Client) -> None:
    notice = sent(tlp="RED")
    page = client.get(link_of(notice, "DEPA")).content.decode()
    assert "192.0.2.7" not in page
    client.post(link_of(notice, "DEPA"), {"kind": "done"})
    assert part(notice, "DEPA").state == "done"


def test_the_officer_answers_for_their_own_only(
    sent: Write, officer_a: Person, officer_b: Person, client_of: ClientOf
) -> None:
    own = part(sent(), "DEPA")
    assert client_of(officer_b).post(f"/notices/part/{own.uuid}/answer/", {"kind": "done"}).status_code == 404
    with pytest.raises(PermissionDenied):
        actions.answer_signed_in(actor=officer_b, part=own, said=Said("done", "page", "x"))
    client_of(officer_a).post(f"/notices/part/{own.uuid}/answer/", {"kind": "not_applicable", "text": "decommissioned"})
    own.refresh_from_db()
    assert (own.state, own.reason, own.settled) == ("not_applicable", "decommissioned", True)


def test_the_notice_closes_when_all_have_answered_and_opens_when_one_takes_it_back(sent: Write) -> None:
    notice = sent()
    say(notice, "DEPA", "done")
    notice.refresh_from_db()
    assert notice.state == "open"
    say(notice, "DEPB", "not_applicable", text="not ours")
    notice.refresh_from_db()
    assert notice.state == "closed"
    say(notice, "DEPB", "planned", planned_for=timezone.now().date())
    notice.refresh_from_db()
    assert notice.state == "open"


def test_an_advisory_is_settled_by_its_receipt(sent: Write) -> None:
    notice = sent(kind="advisory")
    say(notice, "DEPA", "acknowledged")
    assert part(notice, "DEPA").settled


def test_a_telephone_call_is_written_down_with_its_true_time(
    sent: Write, analyst: Person, officer_a: Person, client_of: ClientOf
) -> None:
    Membership.objects.filter(role__in=("officer", "ciso")).delete()
    contact("DEPA", "duty", "", phone="+32 2 000")
    notice = sent()
    missed = part(notice, "DEPA")
    assert missed.state == "unreached"
    page = client_of(analyst).get(f"/notices/{notice.uuid}/telephone/").content.decode()
    assert "+32 2 000" in page
    at = timezone.now() - timedelta(hours=1)
    client = client_of(analyst)
    form = {"name": "Duty", "number": "+32 2 000", "at": f"{at:%Y-%m-%dT%H:%M}"}
    client.post(f"/notices/part/{missed.uuid}/telephone/", form)
    missed.refresh_from_db()
    assert missed.state == "told"
    assert missed.told_at is not None
    assert abs(missed.told_at - at) < timedelta(minutes=1)
    form = {"name": "Duty", "kind": "done", "at": f"{at:%Y-%m-%dT%H:%M}"}
    client.post(f"/notices/part/{missed.uuid}/answer/", form)
    missed.refresh_from_db()
    assert (missed.state, missed.answers.get().via) == ("done", "telephone")
    tomorrow = timezone.now() + timedelta(days=1)
    with pytest.raises(actions.NoticeError, match="yet to come"):
        actions.told_by_telephone(actor=analyst, part=missed, name="x", number="1", at=tomorrow)


def test_the_median_of_the_others_is_of_nobody_in_particular(sent: Write, officer_a: Person) -> None:
    notice = sent()
    own = part(notice, "DEPA")
    say(notice, "DEPB", "done")
    assert queries.median_of_others(own) == ""


def test_the_board_reads_one_sentence(sent: Write) -> None:
    notice = sent()
    say(notice, "DEPA", "done")
    counted = queries.counts([notice])[notice.pk]
    assert counted.sentence() == "Of 2 told, 1 has answered (1 acted); 1 silent."


@pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01", "2026-11-01"])
def test_a_day_that_cannot_be_meant_is_refused(sent: Write, client: Client, day: str) -> None:
    notice = sent()
    page = client.post(link_of(notice, "DEPA"), {"kind": "planned", "planned_for": day})
    assert "This day is over, or too far away." in page.content.decode()
    assert part(notice, "DEPA").state == "told"


def test_today_is_a_day_for_a_plan(sent: Write) -> None:
    notice = sent()
    say(notice, "DEPA", "planned", planned_for=timezone.now().date())
    assert part(notice, "DEPA").state == "planned"


def test_nothing_was_said_before_the_notice_was_written(sent: Write, analyst: Person) -> None:
    own, long_ago = part(sent(), "DEPA"), timezone.now() - timedelta(days=9)
    with pytest.raises(actions.NoticeError, match="not written yet"):
        actions.answer(part=own, said=Said("done", "telephone", "x", at=long_ago))
    with pytest.raises(actions.NoticeError, match="not written yet"):
        actions.told_by_telephone(actor=analyst, part=own, name="x", number="1", at=long_ago)
