"""Fifty organisations cost no more questions to the database than five, and ten thousand values are no trouble."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.rooms.notices.conftest import contact, seen
from tocsin.platform.models import OutboxMessage
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.constituency.models import Asset, Organisation
from tocsin.rooms.notices import actions
from tocsin.rooms.notices.models import Notice, Part

BATCHES = 3  # what SQLite takes at once has a limit, so that ten times as much is a few more
Write = Callable[..., Notice]
ClientOf = Callable[[Person], Client]


def many(first: int, last: int) -> list[str]:
    """Make organisations below the top; give an address of each."""
    top = Organisation.objects.get(code="INST")
    for number in range(first, last):
        place = Organisation.objects.create(code=f"M{number}", name=f"M {number}", kind="department", parent=top)
        Organisation.objects.filter(pk=place.pk).update(path=f"{top.path}{place.pk}/")
        Asset.objects.create(organisation=place, kind="prefix", value=f"10.{number}.0.0/16")
        contact(place.code, "officer", f"m{number}@x.example")
    return [f"10.{number}.0.1" for number in range(first, last)]


def asked(act: Callable[[], object]) -> int:
    with CaptureQueriesContext(connection) as captured:
        act()
    return len(captured)


def story(analyst: Person, client: Client, values: list[str]) -> dict[str, int]:
    """Live through a notice; give how many questions each step put to the database."""
    made: list[Notice] = []
    text = "\n".join(values)
    given: dict[str, Any] = {"title": "t", "kind": "indicators", "severity": 2, "tlp": "AMBER"}
    counted = {"draft": asked(lambda: made.append(actions.draft_list(actor=analyst, text=text, **given)))}
    notice = made[0]
    digest = seen(notice)
    counted["preview"] = asked(lambda: client.get(f"/notices/{notice.uuid}/"))
    counted["plan"] = asked(lambda: seen(notice))
    counted["send"] = asked(lambda: actions.send(actor=analyst, notice=notice, seen=digest))
    for page in (f"{notice.uuid}/", f"{notice.uuid}/telephone/", "matrix/", "board/", ""):
        counted[page.removeprefix(f"{notice.uuid}/")] = asked(partial(client.get, f"/notices/{page}"))
    told = timezone.now()
    Part.objects.update(told_at=told, due_at=told, next_step_at=told)
    counted["step"] = asked(actions.step_due)
    actions.correct(actor=analyst, notice=notice, changes={"en": {"text": "x"}}, text=text.replace(".0.1", ".0.2"))
    digest = seen(notice)
    counted["correct"] = asked(lambda: actions.send(actor=analyst, notice=notice, seen=digest))
    return counted


def test_more_organisations_are_no_more_questions(sent: Write, analyst: Person, client_of: ClientOf) -> None:
    client = client_of(analyst)
    client.get("/notices/")
    values = many(0, 5), many(5, 55)
    few = story(analyst, client, values[0])
    Notice.objects.update(state="withdrawn")
    Part.objects.update(settled=True, next_step_at=None)
    many_more = story(analyst, client, values[1])
    assert OutboxMessage.objects.filter(telling__why="reminder").count() == 55
    more = {step: number - few[step] for step, number in many_more.items()}
    assert max(more.values()) <= BATCHES, more


def test_a_long_list_is_read_and_told(sent: Write) -> None:
    number = 10_000
    Asset.objects.create(organisation=Organisation.objects.get(code="DEPA"), kind="prefix", value="10.0.0.0/8")
    sent("\n".join(f"10.1.{each // 256}.{each % 256}" for each in range(number + 1)))
    notice, message = Notice.objects.get(), OutboxMessage.objects.get()
    assert (len(notice.values), len(notice.unread)) == (number, 1)
    (file,) = message.attachments.all()
    assert len(file.text.splitlines()) == number + 1
    assert len(message.body.splitlines()) < 100
