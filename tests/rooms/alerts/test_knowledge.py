"""The state machine is data, and it is checked."""

from __future__ import annotations

from pathlib import Path

import pytest

from tocsin.rooms.alerts import knowledge
from tocsin.rooms.alerts.models import Alert, AlertComment


def test_every_state_is_reached_and_left() -> None:
    reached = {step.target for step in knowledge.steps().values()}
    left = set().union(*(step.sources for step in knowledge.steps().values()))
    begun = {Alert.State.SUPPRESSED.value}  # by a suppression, when hits come
    assert reached | begun == left == set(Alert.State.values)


def test_every_disposition_closes_and_needs_a_reason() -> None:
    assert [step.name for step in knowledge.dispositions()] == ["false_positive", "benign", "duplicate"]
    assert all(step.closes and step.needs_reason for step in knowledge.dispositions())


def test_every_step_can_be_told_of() -> None:
    assert {*knowledge.steps(), AlertComment.Event.UNDO} == set(AlertComment.Event.values)


def test_it_gives_what_is_possible() -> None:
    assert {step.name for step in knowledge.possible("escalated")} == {"reopen"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("events:\n  take: {from: [new], to: lost, verb: alerts.triage}", ":2: take: to 'lost' is unknown"),
        ("events:\n  take: {from: [new], to: triage, verb: dance}", ":2: take: verb 'dance' is unknown"),
        ("events:\n  take: {from: [new], to: triage}", ":2: take: 'verb' is missing"),
        ("events:\n  take:\n    form: new", ":3: take: unknown key 'form'"),
        ("initial: new", ":1: there is no 'events'"),
        ("- events", ":1: this must be a mapping"),
        ("events:\n  take: gladly", ":2: this must be a mapping"),
        ("", ":1: this must be a mapping"),
    ],
)
def test_an_error_names_file_and_line(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "machine.yaml"
    path.write_text(text)

    with pytest.raises(knowledge.MachineError) as raised:
        knowledge.load(path)
    assert f"{path}{message}" in str(raised.value)
