"""Two people tick at once: one wins, the other is told; on a database where writers do not queue up by themselves."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from tests.rooms.incidents.test_races import at_once
from tests.rooms.playbooks.conftest import branch, step
from tests.rooms.playbooks.files import linear, written
from tests.rooms.playbooks.test_files import lines, save
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.constituency.models import Organisation
from tocsin.rooms.incidents import actions as incidents
from tocsin.rooms.incidents.models import Incident, Merge
from tocsin.rooms.playbooks import actions
from tocsin.rooms.playbooks.models import Playbook, PlaybookVersion, Run, Tick

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgresql]


def test_one_of_two_ticks_a_step(responder: Person, colleague: Person, run: Run) -> None:
    first = step(run, "One")
    outcomes = at_once(
        lambda: actions.tick(actor=responder, run=run, step=first, state="done"),
        lambda: actions.tick(actor=colleague, run=run, step=first, state="failed"),
    )
    assert {type(one) for one in outcomes} == {Run, ValidationError}
    assert Tick.objects.count() == 1


def test_one_of_two_decides(responder: Person, colleague: Person, long_run: Run) -> None:
    asked = step(long_run, "Stolen?")
    yes, no = branch(long_run, "Stolen?", "true"), branch(long_run, "Stolen?", "false")
    outcomes = at_once(
        lambda: actions.choose(actor=responder, run=long_run, step=asked, branch=yes),
        lambda: actions.choose(actor=colleague, run=long_run, step=asked, branch=no),
    )
    assert {type(one) for one in outcomes} == {Run, ValidationError}
    assert Tick.objects.filter(current=True).count() == 1


def test_the_last_two_steps_at_once_end_the_run(responder: Person, colleague: Person, run: Run) -> None:
    actions.tick(actor=responder, run=run, step=step(run, "One"), state="done")
    two, three = step(run, "Two"), step(run, "Three")
    at_once(
        lambda: actions.tick(actor=responder, run=run, step=two, state="done"),
        lambda: actions.tick(actor=colleague, run=run, step=three, state="done"),
    )
    assert Run.objects.get().state == "done"
    assert run.incident.timeline.filter(event="playbook_ended").count() == 1


def test_one_of_two_saves(responder: Person, colleague: Person, playbook: Playbook) -> None:
    kept = lines(playbook)
    outcomes = at_once(
        lambda: save(responder, playbook, kept[:1]),
        lambda: save(colleague, playbook, kept[:2]),
    )
    assert {type(one) for one in outcomes} <= {PlaybookVersion, ValidationError}
    assert sorted(playbook.versions.values_list("number", flat=True)) == list(range(1, playbook.versions.count() + 1))


def test_one_file_twice_at_once_is_one_playbook(responder: Person, colleague: Person) -> None:
    raw = written(linear("One"))
    outcomes = at_once(
        lambda: actions.take_file(actor=responder, raw=raw), lambda: actions.take_file(actor=colleague, raw=raw)
    )
    assert sorted(one.new for one in outcomes) == [False, True]
    assert (Playbook.objects.count(), PlaybookVersion.objects.count()) == (1, 1)


def test_a_step_is_ticked_while_the_incidents_merge(responder: Person, colleague: Person, run: Run) -> None:
    incidents.withdraw(actor=responder, hand_off=run.incident.hand_offs.get())
    target = incidents.open_incident(actor=responder, title="o", organisations=[Organisation.objects.get(code="DEPA")])
    first = step(run, "One")
    outcomes = at_once(
        lambda: incidents.merge(actor=responder, source=run.incident, target=target),
        lambda: actions.tick(actor=colleague, run=run, step=first, state="done"),
    )
    assert isinstance(outcomes[0], Merge)
    assert isinstance(outcomes[1], Run | ValidationError)
    assert Run.objects.get().incident == target
    said = Tick.objects.count()
    assert said == isinstance(outcomes[1], Run)
    assert list(Incident.objects.filter(timeline__event="playbook_step_done")) == [target] * said


def test_nothing_starts_on_what_is_being_merged(responder: Person, colleague: Person, run: Run) -> None:
    incidents.withdraw(actor=responder, hand_off=run.incident.hand_offs.get())
    target = incidents.open_incident(actor=responder, title="o", organisations=[Organisation.objects.get(code="DEPA")])
    merged, _begun = at_once(
        lambda: incidents.merge(actor=responder, source=run.incident, target=target),
        lambda: actions.start(actor=colleague, incident=run.incident, playbook=run.version.playbook),
    )
    assert isinstance(merged, Merge)
    assert set(Run.objects.values_list("incident", flat=True)) == {target.pk}
