"""What may be done to an incident, by whom, and what it leaves behind."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from tocsin.platform import gate
from tocsin.platform.gate import Refused
from tocsin.platform.models import AuditEntry, GateEntry, OutboxMessage
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.constituency.models import Contact, Organisation, Team
from tocsin.rooms.incidents import actions
from tocsin.rooms.incidents.models import HandOff, Incident, Task

CLOSING: dict[str, Any] = {
    "cause": "A macro was allowed to run.", "impact": "One host.", "lesson": "Block macros.",
    "confidentiality": "low", "integrity": "none", "availability": "none",
}  # fmt: skip


def fresh(incident: Incident) -> Incident:
    return Incident.objects.get(pk=incident.pk)


def test_it_opens_with_one_part_per_organisation(
    analyst: Person, department_a: Organisation, department_b: Organisation
) -> None:
    made = actions.open_incident(actor=analyst, title="Two", organisations=[department_a, department_b])
    assert {part.organisation.code for part in made.entities.all()} == {"DEPA", "DEPB"}
    assert made.owner_team is not None
    assert made.owner_team.code == "SOC"
    assert AuditEntry.objects.filter(verb="incident.open", object_uuid=made.uuid).exists()


def test_nobody_opens_for_an_organisation_out_of_reach(
    analyst: Person, officer_a: Person, department_a: Organisation
) -> None:
    with pytest.raises(PermissionDenied):
        actions.open_incident(actor=analyst, title="x", organisations=[Organisation.objects.get(code="OTHER")])
    with pytest.raises(PermissionDenied):
        actions.open_incident(actor=officer_a, title="x", organisations=[department_a])


def test_an_offer_is_accepted_and_changes_who_handles(
    incident: Incident, analyst: Person, responder: Person, csirc: Team
) -> None:
    offered = actions.offer(actor=analyst, incident=incident, team=csirc, text="please")
    assert fresh(incident).owner_team != csirc
    actions.accept(actor=responder, hand_off=offered)
    after = fresh(incident)
    assert (after.owner_team, after.owner, after.offered_to) == (csirc, responder, None)
    assert after.state == Incident.State.TRIAGE


def test_a_refusal_needs_a_reason_and_leaves_it_where_it_was(
    incident: Incident, analyst: Person, responder: Person, csirc: Team
) -> None:
    offered = actions.offer(actor=analyst, incident=incident, team=csirc)
    with pytest.raises(ValidationError):
        actions.refuse(actor=responder, hand_off=offered, reason="  ")
    actions.refuse(actor=responder, hand_off=offered, reason="not ours")
    after = fresh(incident)
    assert after.owner_team is not None
    assert after.owner_team.code == "SOC"
    assert HandOff.objects.get(pk=offered.pk).reason == "not ours"
    with pytest.raises(ValidationError):
        actions.accept(actor=responder, hand_off=offered)


def test_only_the_team_it_was_offered_to_answers(
    incident: Incident, analyst: Person, ciso: Person, csirc: Team
) -> None:
    offered = actions.offer(actor=analyst, incident=incident, team=csirc)
    with pytest.raises(PermissionDenied):
        actions.accept(actor=ciso, hand_off=offered)
    with pytest.raises(ValidationError):
        actions.offer(actor=analyst, incident=incident, team=csirc)
    actions.withdraw(actor=analyst, hand_off=offered)
    assert fresh(incident).offered_to is None


def test_states_follow_the_machine(incident: Incident, responder: Person) -> None:
    actions.advance(actor=responder, incident=incident, event="acknowledge")
    with pytest.raises(ValidationError, match="class"):
        actions.advance(actor=responder, incident=incident, event="classify")
    with pytest.raises(ValidationError, match="possible"):
        actions.advance(actor=responder, incident=incident, event="restore")
    actions.change(actor=responder, incident=incident, rsit_class="intrusions", rsit_type="system-compromise")
    actions.advance(actor=responder, incident=incident, event="classify")
    with pytest.raises(ValidationError, match="cause"):
        actions.close(actor=responder, incident=incident, cause=" ")
    closed = actions.close(actor=responder, incident=incident, **CLOSING)
    assert closed.closed_at is not None
    assert not fresh(incident).open
    reopened = actions.advance(actor=responder, incident=incident, event="reopen")
    assert reopened.open
    assert reopened.closed_at is None


def test_a_wrong_class_is_refused(incident: Incident, responder: Person) -> None:
    with pytest.raises(ValidationError):
        actions.change(actor=responder, incident=incident, rsit_class="fraud", rsit_type="ddos")
    with pytest.raises(ValidationError):
        actions.change(actor=responder, incident=incident, owner_team=None)


def test_an_officer_comments_in_their_own_part_only(
    incident: Incident, officer_a: Person, officer_b: Person, responder: Person, department_b: Organisation
) -> None:
    own = incident.entities.get()
    actions.comment(actor=officer_a, incident=incident, text="we looked", entity=own)
    other = actions.add_organisation(actor=responder, incident=incident, organisation=department_b)
    for part in (None, other):
        with pytest.raises(PermissionDenied):
            actions.comment(actor=officer_a, incident=incident, text="x", entity=part)
    with pytest.raises(PermissionDenied):
        actions.comment(actor=officer_b, incident=incident, text="x", entity=own)


def test_an_officer_cannot_work_on_it(incident: Incident, officer_a: Person, csirc: Team) -> None:
    for forbidden in (
        lambda: actions.change(actor=officer_a, incident=incident, title="x"),
        lambda: actions.offer(actor=officer_a, incident=incident, team=csirc),
        lambda: actions.seal(actor=officer_a, incident=incident, people=[]),
        lambda: actions.take(actor=officer_a, incident=incident),
        lambda: actions.close(actor=officer_a, incident=incident, cause="x"),
    ):
        with pytest.raises((PermissionDenied, ValidationError)):
            forbidden()


def test_a_task_of_a_part_is_answered_by_its_officer(
    incident: Incident, responder: Person, officer_a: Person, officer_b: Person
) -> None:
    task = actions.add_task(
        actor=responder, incident=incident, title="Take it off the net", entity=incident.entities.get()
    )
    with pytest.raises(PermissionDenied):
        actions.answer_task(actor=officer_b, task=task, state=Task.State.DONE)
    with pytest.raises(ValidationError):
        actions.answer_task(actor=officer_a, task=task, state=Task.State.REFUSED)
    assert actions.answer_task(actor=officer_a, task=task, state=Task.State.DONE).state == Task.State.DONE


def test_an_officer_is_told_through_the_gate(incident: Incident, responder: Person, officer_a: Person) -> None:
    part = incident.entities.get()
    told = actions.inform(actor=responder, incident=incident, entity=part, subject="Macro", text="Please look.")
    message = OutboxMessage.objects.get(telling__part=told)
    assert message.recipient == officer_a.email
    assert incident.reference in message.subject
    assert "TLP:AMBER" in message.subject
    assert "Please look." in message.body
    assert "Please answer" not in message.body
    ledger = GateEntry.objects.get(item_uuid=told.uuid)
    assert ledger.allowed
    assert ledger.recipient_organisation == "DEPA"


def test_without_anybody_to_tell_it_says_what_to_do(incident: Incident, responder: Person, officer_a: Person) -> None:
    officer_a.memberships.all().delete()
    with pytest.raises(ValidationError, match="contact"):
        actions.inform(actor=responder, incident=incident, entity=incident.entities.get(), subject="s", text="t")


def test_the_gate_refuses_a_sealed_incident_and_writes_it_down(
    incident: Incident, responder: Person, department_a: Organisation
) -> None:
    Contact.objects.create(organisation=department_a, role="officer", name="Ana", email="ana@depa.example")
    sealed = actions.seal(actor=responder, incident=incident, people=[])
    with pytest.raises(Refused, match="sealed"):
        actions.inform(actor=responder, incident=sealed, entity=sealed.entities.get(), subject="s", text="t")
    gate.keep_refusals()  # a request or a job does so when it ends
    assert not OutboxMessage.objects.exists()
    assert not GateEntry.objects.get().allowed
