"""Hand-offs between teams and organisations: what is handed over, who may, and what becomes of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from tocsin.platform.gate import Refused
from tocsin.platform.markings import TLP
from tocsin.platform.models import AuditEntry, GateEntry
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.alerts.models import Alert
from tocsin.rooms.constituency.models import Mandate, Membership, Organisation, Team
from tocsin.rooms.incidents import actions, knowledge, queries
from tocsin.rooms.incidents.actions import Content
from tocsin.rooms.incidents.models import HandOff, Incident, Severity
from tocsin.rooms.intel.models import Observable


def fresh(person: Person) -> Person:
    return Person.objects.get(pk=person.pk)


def view_of(person: Person, incident: Incident) -> queries.View:
    return queries.view_or_404(fresh(person), incident.uuid)


def routes_of(person: Person, incident: Incident) -> set[str]:
    return {way.route.id for way in queries.ways(view_of(person, incident))}


def observable(value: str) -> Observable:
    return Observable.objects.get(value=value)


@pytest.fixture
def block(incident: Incident, analyst: Person, network: Team) -> HandOff:
    """Ask the network team to block what a comment named."""
    actions.comment(actor=analyst, incident=incident, text="seen 198.51.100.77 and bad.example")
    return actions.hand_over(
        actor=fresh(analyst), incident=incident, route="H13", receiver=network,
        content=Content(observables=[observable("198.51.100.77").uuid]), text="now, please",
    )  # fmt: skip


@pytest.fixture
def informed(incident: Incident, responder: Person, csirc: Team, department_a: Organisation) -> HandOff:
    """Hand what concerns department A to its officer."""
    return actions.hand_over(
        actor=fresh(responder), incident=incident, route="H04", receiver=department_a, content=Content(summary=True)
    )


def test_which_ways_are_open_follows_from_services_and_roles(
    incident: Incident, analyst: Person, responder: Person, operator: Person, officer_a: Person, csirc: Team
) -> None:
    assert routes_of(analyst, incident) >= {"H00", "H01", "H13", "H04"}
    assert "H14" not in routes_of(analyst, incident)
    assert "H01" not in routes_of(responder, incident) or incident.owner_team != csirc
    assert routes_of(operator, incident) == {"H14", "H15"}
    assert routes_of(officer_a, incident) == {"H17", "H18", "H20", "H24"}


def test_the_receiver_that_is_nearest_is_proposed_first(incident: Incident, analyst: Person, csirc: Team) -> None:
    other = Organisation.objects.get(code="OTHER")
    far = Team.objects.create(code="AAA", name="Far", organisation=other, services=["incident_response"])
    Membership.objects.create(person=Person.objects.get(username="outsider"), role="responder", team=far)
    way = queries.way(view_of(analyst, incident), "H01")
    assert way is not None
    assert [end.code for end in way.receivers] == ["CSIRC", "AAA"]


def test_what_is_handed_over_is_a_copy_that_nothing_changes(
    block: HandOff, incident: Incident, responder: Person
) -> None:
    actions.change(actor=responder, incident=incident, title="Renamed", severity=Severity.EMERGENCY)
    kept = HandOff.objects.get(pk=block.pk)
    assert (kept.title, kept.severity) == ("Macro at DEPA", Severity.MEDIUM)
    assert kept.payload == {"observables": [{"kind": "ip", "value": "198.51.100.77"}]}
    assert (kept.route, kept.object, kept.moves, kept.note) == ("H13", "block_request", False, "now, please")
    assert timedelta(minutes=29) < kept.due_at - timezone.now() < timedelta(minutes=31)


def test_a_request_leaves_the_incident_where_it_is(
    block: HandOff, incident: Incident, operator: Person, network: Team
) -> None:
    before = Incident.objects.get(pk=incident.pk)
    actions.accept(actor=fresh(operator), hand_off=block)
    after = Incident.objects.get(pk=incident.pk)
    assert (after.owner, after.owner_team, after.offered_to) == (before.owner, before.owner_team, None)
    kept = HandOff.objects.get(pk=block.pk)
    assert (kept.state, kept.answered_by, kept.received_by) == ("accepted", operator, operator)


def test_several_requests_wait_at_once_but_one_offer_of_the_incident(
    block: HandOff, incident: Incident, analyst: Person, network: Team, csirc: Team
) -> None:
    actions.hand_over(actor=fresh(analyst), incident=incident, route="H13", receiver=network)
    actions.offer(actor=fresh(analyst), incident=incident, team=csirc)
    with pytest.raises(ValidationError, match="withdraw it first"):
        actions.offer(actor=fresh(analyst), incident=incident, team=csirc)
    assert HandOff.objects.filter(state="offered").count() == 3
    with pytest.raises(IntegrityError), transaction.atomic():
        HandOff.objects.create(incident=incident, to_team=csirc, sent_by=analyst)


def test_an_offer_goes_by_the_route_made_for_the_teams(incident: Incident, analyst: Person, csirc: Team) -> None:
    assert actions.offer(actor=analyst, incident=incident, team=csirc).route == "H01"


def test_it_is_received_when_somebody_of_the_receiver_first_opens_it(
    block: HandOff, analyst: Person, operator: Person, ciso: Person
) -> None:
    assert not actions.receive(actor=fresh(analyst), hand_off=block)
    assert not actions.receive(actor=fresh(ciso), hand_off=block)
    assert actions.receive(actor=fresh(operator), hand_off=block)
    assert not actions.receive(actor=fresh(operator), hand_off=HandOff.objects.get(pk=block.pk))
    assert AuditEntry.objects.filter(verb="hand_off.receive").count() == 1


def test_only_the_receiver_answers_and_only_the_sender_takes_back(
    block: HandOff, analyst: Person, responder: Person, operator: Person, officer_a: Person, outsider: Person
) -> None:
    for person in (analyst, responder, officer_a, outsider):
        for forbidden in (actions.accept, lambda **k: actions.refuse(reason="x", **k)):
            with pytest.raises(PermissionDenied):
                forbidden(actor=fresh(person), hand_off=block)
    for person in (operator, officer_a, outsider):
        with pytest.raises(PermissionDenied):
            actions.withdraw(actor=fresh(person), hand_off=block)
    actions.withdraw(actor=fresh(analyst), hand_off=block)
    assert HandOff.objects.get(pk=block.pk).state == "withdrawn"


def test_who_comes_second_is_told_who_was_first(block: HandOff, operator: Person) -> None:
    actions.refuse(actor=fresh(operator), hand_off=block, reason="it is ours")
    with pytest.raises(ValidationError, match=r"Operator was first: this is refused already"):
        actions.accept(actor=fresh(operator), hand_off=block)


def test_a_refusal_needs_a_reason_in_action_and_database(block: HandOff, operator: Person) -> None:
    with pytest.raises(ValidationError, match="why"):
        actions.refuse(actor=fresh(operator), hand_off=block, reason=" \t")
    with pytest.raises(IntegrityError), transaction.atomic():
        HandOff.objects.filter(pk=block.pk).update(state="refused")


def test_a_hand_off_has_one_receiver(
    incident: Incident, analyst: Person, csirc: Team, department_a: Organisation
) -> None:
    ends: dict[str, Any]
    for ends in ({}, {"to_team": csirc, "to_organisation": department_a}):
        with pytest.raises(IntegrityError), transaction.atomic():
            HandOff.objects.create(incident=incident, sent_by=analyst, **ends)


def test_nothing_goes_by_a_way_that_is_not_ones_own(
    incident: Incident, analyst: Person, operator: Person, officer_a: Person, network: Team, csirc: Team
) -> None:
    for person, route, receiver in ((operator, "H13", network), (officer_a, "H13", network), (analyst, "H99", csirc)):
        with pytest.raises(PermissionDenied):
            actions.hand_over(actor=fresh(person), incident=incident, route=route, receiver=receiver)
    with pytest.raises(ValidationError, match="not at the end"):
        actions.hand_over(actor=fresh(analyst), incident=incident, route="H13", receiver=csirc)


def test_the_marking_is_never_weaker_than_what_it_holds(incident: Incident, analyst: Person, network: Team) -> None:
    Incident.objects.filter(pk=incident.pk).update(tlp=TLP.AMBER_STRICT)
    with pytest.raises(ValidationError, match=r"TLP:GREEN is weaker"):
        actions.hand_over(actor=fresh(analyst), incident=incident, route="H13", receiver=network, tlp="GREEN")
    plain = actions.hand_over(actor=fresh(analyst), incident=incident, route="H13", receiver=network)
    strict = actions.hand_over(actor=fresh(analyst), incident=incident, route="H13", receiver=network, tlp="RED")
    assert (plain.tlp, strict.tlp) == ("AMBER+STRICT", "RED")


def test_only_what_one_reads_can_be_handed_over(
    incident: Incident, analyst: Person, responder: Person, network: Team, department_b: Organisation
) -> None:
    foreign = Observable.objects.create(kind="ip", value="203.0.113.9", digest="x")
    with pytest.raises(ValidationError, match="not there any more"):
        actions.hand_over(
            actor=fresh(analyst), incident=incident, route="H13", receiver=network,
            content=Content(observables=[foreign.uuid]),
        )  # fmt: skip


def test_an_organisation_is_handed_its_own_part_alone(
    incident: Incident, responder: Person, csirc: Team, department_a: Organisation, department_b: Organisation
) -> None:
    own = incident.entities.get()
    incident.entities.update(summary="A's own")
    other = actions.add_organisation(actor=responder, incident=incident, organisation=department_b, summary="B's own")
    actions.change(actor=responder, incident=incident, summary="the teams' own")
    mine = actions.add_task(actor=responder, incident=incident, title="A's task", entity=own)
    theirs = actions.add_task(actor=responder, incident=incident, title="B's task", entity=other)
    actions.comment(actor=responder, incident=incident, text="only-b.example", entity=other, audience="entity")
    given: dict[str, Any] = {"actor": fresh(responder), "incident": incident, "route": "H04", "receiver": department_a}
    for content in (
        Content(tasks=[theirs.uuid]),
        Content(observables=[observable("only-b.example").uuid]),
    ):
        with pytest.raises(ValidationError):
            actions.hand_over(content=content, **given)
    sent = actions.hand_over(content=Content(summary=True, tasks=[mine.uuid]), **given)
    assert sent.payload["summary"] == "A's own"
    assert [task["title"] for task in sent.payload["tasks"]] == ["A's task"]
    assert "B" not in str(sent.payload)


def test_an_officer_sees_only_what_was_handed_to_their_own_organisation(
    informed: HandOff, block: HandOff, officer_a: Person, officer_b: Person, outsider: Person
) -> None:
    assert list(HandOff.objects.visible_to(fresh(officer_a))) == [informed]
    for person in (officer_b, outsider):
        assert not HandOff.objects.visible_to(fresh(person)).exists()
        with pytest.raises(PermissionDenied):
            actions.accept(actor=fresh(person), hand_off=informed)
    actions.accept(actor=fresh(officer_a), hand_off=informed)
    said = [knowledge.said(entry) for entry in view_of(officer_a, informed.incident).timeline()]
    assert "Name of DEPA accepts: information on an incident." in said
    assert not any("block" in line for line in said)


def test_an_officer_hands_their_part_to_the_team(
    incident: Incident, officer_a: Person, responder: Person, csirc: Team
) -> None:
    incident.entities.update(summary="ours")
    sent = actions.hand_over(
        actor=fresh(officer_a), incident=incident, route="H24", receiver=csirc, content=Content(summary=True)
    )
    assert (sent.sender, sent.payload["summary"]) == (Organisation.objects.get(code="DEPA"), "ours")
    assert actions.accept(actor=fresh(responder), hand_off=sent) == incident


def test_a_narrow_handler_does_not_read_what_is_about_another_part(
    incident: Incident, responder: Person, analyst: Person, network: Team, outsider: Person, department_b: Organisation
) -> None:
    actions.add_organisation(actor=responder, incident=incident, organisation=department_b)
    narrow = Team.objects.create(code="NARROW", name="Narrow", organisation=department_b)
    Mandate.objects.create(team=narrow, organisation=department_b)
    Membership.objects.create(person=outsider, role="analyst", team=narrow)
    actions.add_task(actor=responder, incident=incident, title="A's task", entity=incident.entities.order_by("pk")[0])
    task = incident.tasks.get()
    given: dict[str, Any] = {"actor": fresh(responder), "incident": incident, "route": "H13", "receiver": network}
    about_a = actions.hand_over(content=Content(tasks=[task.uuid]), **given)
    general = actions.hand_over(**given)
    assert set(HandOff.objects.visible_to(fresh(outsider))) == {general}
    assert set(HandOff.objects.visible_to(fresh(analyst))) == {about_a, general}


def test_the_gate_keeps_it_from_a_team_outside_and_says_why(
    incident: Incident, analyst: Person, outsider: Person, csirc: Team
) -> None:
    outside = Team.objects.create(
        code="FAR", name="Far", organisation=Organisation.objects.get(code="OTHER"), services=["network"]
    )
    Membership.objects.create(person=outsider, role="network_operator", team=outside)
    given: dict[str, Any] = {"incident": incident, "route": "H13", "receiver": outside}
    with pytest.raises(Refused, match="AMBER stays with the organisations"):
        actions.hand_over(actor=fresh(analyst), **given)
    assert not HandOff.objects.exists()
    Incident.objects.filter(pk=incident.pk).update(tlp=TLP.GREEN, title="Macro at Name of DEPA")
    sent = actions.hand_over(actor=fresh(analyst), text="DEPA asks", **given)
    assert (sent.title, sent.note) == ("Macro at [name withheld]", "[name withheld] asks")
    assert GateEntry.objects.filter(action="hand_off", allowed=True, recipient_organisation="OTHER").count() == 1
    assert list(HandOff.objects.visible_to(fresh(outsider))) == [sent]
    assert not Incident.objects.visible_to(fresh(outsider)).exists()


def test_an_incident_does_not_move_to_a_team_that_may_not_know_whom_it_concerns(
    incident: Incident, analyst: Person, outsider: Person
) -> None:
    outside = Team.objects.create(code="FAR", name="Far", organisation=Organisation.objects.get(code="OTHER"))
    Membership.objects.create(person=outsider, role="responder", team=outside)
    Incident.objects.filter(pk=incident.pk).update(tlp=TLP.CLEAR)
    with pytest.raises(ValidationError, match="serves none"):
        actions.offer(actor=fresh(analyst), incident=incident, team=outside)
    Incident.objects.filter(pk=incident.pk).update(tlp=TLP.RED)
    with pytest.raises(Refused, match="RED is for named people"):
        actions.offer(actor=fresh(analyst), incident=incident, team=outside)


def test_what_goes_to_an_organisation_stands_in_the_ledger(informed: HandOff, officer_a: Person) -> None:
    entry = GateEntry.objects.get(action="hand_off")
    assert (entry.allowed, entry.recipient, entry.recipient_organisation) == (True, officer_a.email, "DEPA")


def test_an_organisation_without_an_officer_is_at_no_end(
    incident: Incident, responder: Person, csirc: Team, department_a: Organisation
) -> None:
    Membership.objects.filter(organisation=department_a).delete()
    with pytest.raises((PermissionDenied, ValidationError)):
        actions.hand_over(actor=fresh(responder), incident=incident, route="H04", receiver=department_a)


def test_a_sealed_incident_is_handed_over_by_naming_people(
    block: HandOff, incident: Incident, analyst: Person, responder: Person, operator: Person, network: Team
) -> None:
    with pytest.raises(ValidationError, match="withdraw it before sealing"):
        actions.seal(actor=responder, incident=incident, people=[analyst])
    actions.refuse(actor=fresh(operator), hand_off=block, reason="no")
    actions.seal(actor=responder, incident=incident, people=[analyst])
    for route, receiver in (("H13", network), ("H01", Team.objects.get(code="CSIRC"))):
        with pytest.raises(ValidationError, match="naming people"):
            actions.hand_over(actor=fresh(analyst), incident=incident, route=route, receiver=receiver)
    assert not HandOff.objects.visible_to(fresh(operator)).exists()
    assert not HandOff.objects.received_by(fresh(operator)).exists()
    assert list(HandOff.objects.visible_to(fresh(analyst))) == [block]


def test_alerts_go_along_as_they_were(
    incident: Incident, analyst: Person, csirc: Team, department_a: Organisation
) -> None:
    now = timezone.now()
    alert = Alert.objects.create(
        key="k", rule_id="r", rule_version="1", title="=cmd|' /C calc'!A0", level=3, organisation=department_a,
        window_start=now, first_seen=now, last_seen=now,
    )  # fmt: skip
    actions.join_alerts(actor=analyst, incident=incident, alerts=[alert])
    sent = actions.hand_over(
        actor=fresh(analyst), incident=incident, route="H01", receiver=csirc, content=Content(alerts=[alert.uuid])
    )
    assert sent.payload["alerts"][0]["title"] == alert.title
    assert set(sent.about.all()) == {department_a}


def test_without_organisations_an_incident_moves_as_before(
    analyst: Person, csirc: Team, chart: Mapping[str, Person]
) -> None:
    opened = actions.open_incident(actor=analyst, title="by telephone", organisations=[], offer_to=csirc)
    assert opened.hand_offs.get().to_team == csirc
