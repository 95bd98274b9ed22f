"""Whoever says that it does not concern them is asked again when the inventory or the lake says otherwise later."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from tests.rooms.notices.conftest import mails, part, see
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.constituency.models import Asset, Membership, Organisation
from tocsin.rooms.notices import actions
from tocsin.rooms.notices.actions import Said
from tocsin.rooms.notices.models import Notice, Telling


@pytest.fixture
def denied(sent: Callable[..., Notice]) -> Notice:
    notice = sent("192.0.2.7\nevil.example\n203.0.113.9")
    actions.answer(part=part(notice, "DEPA"), said=Said("not_applicable", "page", "x", text="not ours"))
    return notice


def test_an_answer_that_nothing_contradicts_stands(denied: Notice) -> None:
    assert actions.contradict() == 0
    assert part(denied, "DEPA").state == "not_applicable"


def test_what_was_seen_later_asks_again_and_once(denied: Notice, tmp_path: Path) -> None:
    see(tmp_path, "DEPA", when=timezone.now() + timedelta(minutes=1))
    assert actions.contradict() == 1
    again = part(denied, "DEPA")
    assert (again.state, again.settled, again.round) == ("told", False, 1)
    telling = Telling.objects.order_by("pk").last()
    assert telling is not None
    assert telling.why == "reopened"
    body = mails()["officer_a@tocsin.example"]
    assert "What we see now says otherwise" in body
    assert "evil[.]example" in body
    denied.refresh_from_db()
    assert denied.state == "open"
    assert actions.contradict() == 0


def test_what_was_seen_before_the_answer_contradicts_nothing(denied: Notice, tmp_path: Path) -> None:
    see(tmp_path, "DEPA", when=datetime(2026, 11, 1, tzinfo=UTC))
    assert actions.contradict() == 0


def test_what_is_held_later_asks_again(denied: Notice) -> None:
    Asset.objects.create(organisation=Organisation.objects.get(code="DEPA"), kind="prefix", value="203.0.113.0/28")
    assert actions.contradict() == 1
    assert "203.0.113.9" in mails()["officer_a@tocsin.example"]


def test_what_was_withdrawn_is_left_alone(denied: Notice, tmp_path: Path) -> None:
    Notice.objects.update(state="withdrawn")
    see(tmp_path, "DEPA", when=timezone.now() + timedelta(minutes=1))
    assert actions.contradict() == 0


def test_whom_nobody_can_ask_again_stands_on_the_list_with_the_reason(denied: Notice, tmp_path: Path) -> None:
    Membership.objects.filter(role__in=("officer", "ciso")).delete()
    see(tmp_path, "DEPA", when=timezone.now() + timedelta(minutes=1))
    assert actions.contradict() == 1
    missed = part(denied, "DEPA")
    assert (missed.state, missed.trouble) == ("unreached", "Nobody there or above can be reached.")


def test_each_notice_is_contradicted_by_its_own_values_only(
    denied: Notice, sent: Callable[..., Notice], tmp_path: Path
) -> None:
    other = sent("192.0.2.8")
    actions.answer(part=part(other, "DEPA"), said=Said("not_applicable", "page", "x", text="not ours"))
    see(tmp_path, "DEPA", when=timezone.now() + timedelta(minutes=1))
    assert actions.contradict() == 1
    assert part(other, "DEPA").state == "not_applicable"


def test_a_call_after_it_was_asked_again_is_written_down(denied: Notice, analyst: Person, tmp_path: Path) -> None:
    own, now = part(denied, "DEPA"), timezone.now()
    actions.told_by_telephone(actor=analyst, part=own, name="x", number="1", at=now)
    see(tmp_path, "DEPA", when=now + timedelta(minutes=1))
    assert actions.contradict() == 1
    telling = actions.told_by_telephone(actor=analyst, part=own, name="x", number="1", at=timezone.now())
    assert telling.round == 1
