"""Playbooks are found by what their steps say, in each language; notes of runs with their incident."""

from __future__ import annotations

import pytest

from tests.rooms.playbooks.conftest import step
from tests.rooms.playbooks.test_files import lines, save
from tocsin.platform.search import indexing
from tocsin.platform.search.results import Asked, search
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.playbooks import actions
from tocsin.rooms.playbooks.models import Playbook, Run

pytestmark = pytest.mark.django_db


def found(person: Person, text: str) -> list[str]:
    indexing.index()
    return [one.found.title for one in search(person, Asked(text)).shown]


def test_the_words_of_the_newest_version_are_found(responder: Person, officer_a: Person, playbook: Playbook) -> None:
    actions.take_starter(actor=responder)
    assert found(responder, "krbtgt") == ["Ransomware"]
    assert found(responder, "hameçonnage") == ["Phishing with credential loss"]
    assert found(officer_a, "krbtgt") == []
    kept = lines(playbook)
    kept[0].text = "Zebracrossing"
    save(responder, playbook, kept)
    assert found(responder, "zebracrossing") == ["A playbook"]


def test_a_note_is_found_with_its_incident(responder: Person, officer_b: Person, run: Run) -> None:
    actions.tick(actor=responder, run=run, step=step(run, "One"), state="done", text="quarkspeise")
    assert found(responder, "quarkspeise") == ["Macro at DEPA"]
    assert found(officer_b, "quarkspeise") == []
