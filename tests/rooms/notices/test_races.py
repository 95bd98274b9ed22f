"""Two at once: nobody is told twice, and no answer is lost; on a database where writers do not queue by themselves."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from importlib import import_module
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from tests.rooms.incidents.test_races import at_once
from tests.rooms.notices.conftest import contact, part, seen
from tocsin.platform.models import OutboxMessage
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.constituency.models import Asset
from tocsin.rooms.notices import actions
from tocsin.rooms.notices.actions import Said
from tocsin.rooms.notices.models import Notice, Part, Telling

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.postgresql,  # SQLite lets one writer in at a time
]
Write = Callable[..., Notice]
SENDING, CLIMBING = (import_module(f"tocsin.rooms.notices.actions.{name}") for name in ("send", "ladder"))
CHANGES = {"en": {"text": "See below."}}


@contextmanager
def in_the_middle(patch: pytest.MonkeyPatch, module: Any, act: Callable[[], object]) -> Iterator[list[object]]:
    """Let somebody else act while ``module`` is telling people; give what came of it."""
    outcome: list[object] = []

    def other() -> None:
        try:
            outcome.append(act())
        except Exception as error:  # noqa: BLE001  # it is what the test asks for
            outcome.append(error)
        finally:
            connection.close()

    tell, thread = module.tell, threading.Thread(target=other)

    def telling(**given: Any) -> object:
        if not thread.ident:
            thread.start()
            thread.join(1)  # it is done, or it waits for us
        return tell(**given)

    patch.setattr(module, "tell", telling)
    yield outcome
    thread.join(30)


def silence() -> None:
    """Let half of the time until the answer is due have passed."""
    told = timezone.now() - timedelta(hours=70)
    Part.objects.update(told_at=told, due_at=told + timedelta(hours=120), next_step_at=timezone.now())


def all_once() -> bool:
    rows = list(Telling.objects.values_list("part", "edition", "rung", "address"))
    return len(rows) == len(set(rows)) == OutboxMessage.objects.count()


def test_two_people_press_send_at_once(draft: Write, analyst: Person) -> None:
    notice = draft()
    digest = seen(notice)
    outcomes = at_once(*[lambda: actions.send(actor=analyst, notice=notice, seen=digest)] * 3)
    assert sorted(type(each).__name__ for each in outcomes) == ["NoticeError", "NoticeError", "Sent"]
    assert OutboxMessage.objects.count() == 2


def test_an_answer_while_a_correction_is_sent_is_not_lost(
    sent: Write, analyst: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    notice = sent()
    actions.correct(actor=analyst, notice=notice, changes=CHANGES)
    digest, own = seen(notice), part(notice, "DEPA")
    say = Said("done", "page", "x")
    with in_the_middle(monkeypatch, SENDING, lambda: actions.answer(part=own, said=say).kind) as outcome:
        actions.send(actor=analyst, notice=notice, seen=digest)
    assert outcome == ["done"]
    told = part(notice, "DEPA")
    assert (told.state, told.settled, told.edition and told.edition.number) == ("done", True, 2)


def test_an_answer_while_the_ladder_steps_is_not_lost(sent: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    notice = sent()
    silence()
    own, say = part(notice, "DEPA"), Said("done", "page", "x")
    with in_the_middle(monkeypatch, CLIMBING, lambda: actions.answer(part=own, said=say).kind) as outcome:
        actions.step_due()
    assert outcome == ["done"]
    assert (part(notice, "DEPA").state, part(notice, "DEPA").next_step_at) == ("done", None)


def test_the_ladder_steps_while_a_correction_is_sent(
    sent: Write, analyst: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    notice = sent()
    actions.correct(actor=analyst, notice=notice, changes=CHANGES, text="192.0.2.8 192.0.2.200")
    digest = seen(notice)
    silence()
    with in_the_middle(monkeypatch, SENDING, actions.step_due) as outcome:
        actions.send(actor=analyst, notice=notice, seen=digest)
    assert outcome == [1]  # what came must be answered anew, so only the other one is reminded
    assert [part(notice, code).rung for code in ("DEPA", "DEPB")] == [0, 1]
    assert all_once()


def test_a_correction_is_sent_while_the_ladder_steps(
    sent: Write, analyst: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    notice = sent()
    actions.correct(actor=analyst, notice=notice, changes=CHANGES)
    digest = seen(notice)
    silence()

    def send() -> int:
        return actions.send(actor=analyst, notice=notice, seen=digest).people

    with in_the_middle(monkeypatch, CLIMBING, send) as outcome:
        assert actions.step_due() == 2
    assert outcome == [2]
    assert set(notice.parts.values_list("rung", "edition__number")) == {(1, 2)}
    assert all_once()


def test_it_is_asked_again_while_the_withdrawal_is_sent(
    sent: Write, analyst: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    notice = sent("192.0.2.7\n203.0.113.9")
    actions.answer(part=part(notice, "DEPA"), said=Said("not_applicable", "page", "x", text="not ours"))
    Asset.objects.create(organisation=part(notice, "DEPA").organisation, kind="prefix", value="203.0.113.0/28")
    actions.withdraw(actor=analyst, notice=notice, changes=CHANGES)
    digest = seen(notice)
    with in_the_middle(monkeypatch, SENDING, actions.contradict) as outcome:
        actions.send(actor=analyst, notice=notice, seen=digest)
    assert outcome == [0]
    assert part(notice, "DEPA").state == "withdrawn"


def test_two_workers_step_the_ladder(sent: Write) -> None:
    contact("DEPA", "deputy", "deputy@a.example")
    sent()
    silence()
    assert sorted(at_once(*[actions.step_due] * 3)) == [0, 0, 2]
    assert Telling.objects.filter(why="reminder").count() == 2
    assert all_once()


def test_the_last_two_answer_at_once_and_it_closes(sent: Write) -> None:
    notice = sent()
    say = Said("done", "page", "x")
    parts = [part(notice, code) for code in ("DEPA", "DEPB")]
    outcomes = at_once(*(lambda each=each: actions.answer(part=each, said=say).kind for each in parts))
    assert outcomes == ["done", "done"]
    notice.refresh_from_db()
    assert notice.state == "closed"


def test_one_throws_it_away_while_another_sends(draft: Write, analyst: Person) -> None:
    notice = draft()
    digest = seen(notice)
    outcomes = at_once(
        lambda: actions.discard(actor=analyst, notice=notice),
        lambda: actions.send(actor=analyst, notice=notice, seen=digest),
    )
    assert sum(isinstance(each, actions.NoticeError) for each in outcomes) == 1, outcomes
    assert OutboxMessage.objects.count() == (2 if Notice.objects.exists() else 0)
