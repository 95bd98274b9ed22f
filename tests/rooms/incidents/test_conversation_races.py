"""Conversations when several act at once: one mail leaves, none is sent twice, nobody waits for ever."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from tests.rooms.incidents.talking import codes, converse, preview, reply, writing
from tests.rooms.incidents.test_races import at_once
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.constituency.models import Organisation
from tocsin.rooms.incidents import actions
from tocsin.rooms.incidents.models import Incident
from tocsin.rooms.notices import actions as notices
from tocsin.rooms.notices.models import Letter, Thread, ThreadMail

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.postgresql,  # SQLite lets one writer in at a time
]


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOCSIN_HOME", str(tmp_path))


@pytest.fixture
def opened(chart: Mapping[str, Person]) -> Incident:
    return actions.open_incident(
        actor=chart["responder"], title="t", organisations=[Organisation.objects.get(code="DEPA")]
    )


def sending(actor: Person, incident: Incident) -> Callable[[], Any]:
    """Look at a mail; give what sends it."""
    shown = preview(incident)
    person = Person.objects.get(pk=actor.pk)
    return lambda: actions.converse(
        actor=person, incident=incident, writing=writing(), seen=shown.digest, confirmed=codes(shown)
    )


def test_of_two_who_send_the_first_mail_one_looks_again(chart: Mapping[str, Person], opened: Incident) -> None:
    outcomes = at_once(*(sending(chart["responder"], opened) for _again in range(3)))
    assert sum(isinstance(each, ThreadMail) for each in outcomes) == 1
    assert sum(isinstance(each, ValidationError) for each in outcomes) == 2, outcomes
    assert Thread.objects.count() == 1


def test_letters_and_mails_and_seals_do_not_wait_for_each_other(chart: Mapping[str, Person], opened: Incident) -> None:
    mail = converse(chart["responder"], opened)
    people = [Person.objects.get(pk=chart["responder"].pk) for _each in range(4)]
    letters = [reply(mail, f"Answer {number}", Message_ID=f"<r{number}@x>") for number in range(6)]
    outcomes = at_once(
        *((lambda letter=letter: notices.take(letter)) for letter in letters),
        sending(chart["responder"], opened),
        lambda: actions.seal(actor=people[0], incident=opened, people=[]),
        lambda: actions.comment(actor=people[1], incident=opened, text="x"),
    )
    broken = [each for each in outcomes if isinstance(each, Exception) and not isinstance(each, ValidationError)]
    assert [each for each in broken if type(each).__name__ not in {"Refused"}] == []
    assert Letter.objects.filter(thread=mail.thread).count() == 6
    assert Thread.objects.get().sealed


def test_the_same_letter_twice_at_once_is_one_letter(chart: Mapping[str, Person], opened: Incident) -> None:
    mail = converse(chart["responder"], opened)
    content = reply(mail, "Isolated.")
    at_once(*((lambda: notices.take(content)) for _again in range(3)))
    assert Letter.objects.filter(thread=mail.thread).count() == 1
    assert opened.timeline.filter(event="wrote").count() == 1
