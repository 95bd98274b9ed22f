"""Two people at one piece of evidence: one wins, the other is told, and the custody log has no gap."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from django.core.exceptions import ValidationError

from tests.rooms.incidents.filing import added
from tests.rooms.incidents.test_races import at_once
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.artefacts import queries as artefacts
from tocsin.rooms.artefacts.models import Artefact
from tocsin.rooms.constituency.models import Organisation
from tocsin.rooms.incidents import actions
from tocsin.rooms.incidents.models import Evidence

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.postgresql,  # SQLite lets one writer in at a time
]


@pytest.fixture
def evidence(chart: Mapping[str, Person], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Evidence:
    monkeypatch.setenv("TOCSIN_HOME", str(tmp_path))
    opened = actions.open_incident(
        actor=chart["responder"], title="t", organisations=[Organisation.objects.get(code="DEPA")]
    )
    [made] = added(chart["responder"], opened, b"c2.evil.example", searchable=True)
    return made


def refused(outcomes: list[object]) -> int:
    assert all(outcome is None or isinstance(outcome, ValidationError) for outcome in outcomes), outcomes
    return sum(isinstance(outcome, ValidationError) for outcome in outcomes)


def test_it_is_destroyed_once(evidence: Evidence, responder: Person) -> None:
    def destroy() -> None:
        mine = Evidence.objects.get(pk=evidence.pk)
        actions.destroy_evidence(actor=Person.objects.get(pk=responder.pk), evidence=mine, reason="old")

    assert refused(at_once(*[destroy] * 4)) == 3
    assert artefacts.custody_is_whole(Artefact.objects.get(), evidence.incident)
    assert Artefact.objects.get().custody.filter(act="destroyed").count() == 1


def test_it_is_held_or_destroyed_and_never_both(evidence: Evidence, responder: Person) -> None:
    def hold() -> None:
        mine = Evidence.objects.get(pk=evidence.pk)
        actions.hold_evidence(actor=Person.objects.get(pk=responder.pk), evidence=mine, reason="order")

    def destroy() -> None:
        mine = Evidence.objects.get(pk=evidence.pk)
        actions.destroy_evidence(actor=Person.objects.get(pk=responder.pk), evidence=mine, reason="old")

    assert refused(at_once(hold, destroy)) == 1
    file = Artefact.objects.get()
    assert file.held == (file.destroyed_at is None)


def test_everybody_who_takes_it_along_stands_in_the_log(evidence: Evidence, responder: Person) -> None:
    def take() -> None:
        mine = Evidence.objects.get(pk=evidence.pk)
        with actions.take_along(actor=Person.objects.get(pk=responder.pk), evidence=mine) as content:
            assert content.read() == b"c2.evil.example"

    assert refused(at_once(*[take] * 6)) == 0
    file = Artefact.objects.get()
    assert list(file.custody.values_list("number", flat=True)) == list(range(1, 8))
    assert artefacts.custody_is_whole(file, evidence.incident)


def test_it_is_read_once_while_it_is_destroyed(evidence: Evidence, responder: Person) -> None:
    def destroy() -> None:
        mine = Evidence.objects.get(pk=evidence.pk)
        actions.destroy_evidence(actor=Person.objects.get(pk=responder.pk), evidence=mine, reason="old")

    def read() -> None:
        actions.read_waiting()

    outcomes = at_once(destroy, read, read)
    assert [outcome for outcome in outcomes if isinstance(outcome, Exception)] == []
    assert Evidence.objects.get().text == ""
    assert artefacts.custody_is_whole(Artefact.objects.get(), evidence.incident)
