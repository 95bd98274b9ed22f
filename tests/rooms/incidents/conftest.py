"""Incidents to try things on."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.rooms.incidents.filing import added
from tests.rooms.incidents.insiders import GROUND_PARTS
from tests.rooms.incidents.insiders import added as added_personal
from tests.rooms.incidents.things import alert_at
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.constituency.models import Mandate, Membership, Organisation, Team
from tocsin.rooms.incidents import actions, queries
from tocsin.rooms.incidents.models import Incident, IncidentEntity, PersonalItem
from tocsin.rooms.notices import actions as notices


@pytest.fixture
def department_a(chart: object) -> Organisation:
    return Organisation.objects.get(code="DEPA")


@pytest.fixture
def department_b(chart: object) -> Organisation:
    return Organisation.objects.get(code="DEPB")


@pytest.fixture
def csirc(chart: object) -> Team:
    Team.objects.filter(code="CSIRC").update(services=["incident_response"])
    Team.objects.filter(code="SOC").update(services=["monitoring"])
    return Team.objects.get(code="CSIRC")


@pytest.fixture
def network(csirc: Team) -> Team:
    """Give a team that runs the network, with one operator."""
    team = Team.objects.create(code="NOC", name="Team NOC", organisation=csirc.organisation, services=["network"])
    Mandate.objects.create(team=team, organisation=csirc.organisation)
    person = Person.objects.create(username="operator", email="operator@tocsin.example", full_name="Operator")
    Membership.objects.create(person=person, role="network_operator", team=team)
    return team


@pytest.fixture
def operator(network: Team) -> Person:
    return Person.objects.get(username="operator")


@pytest.fixture
def incident(analyst: Person, department_a: Organisation) -> Incident:
    return actions.open_incident(actor=analyst, title="Macro at DEPA", organisations=[department_a])


@pytest.fixture
def other(responder: Person, department_a: Organisation, department_b: Organisation) -> Incident:
    """The one that takes in: at both departments, with a summary of its own."""
    made = actions.open_incident(
        actor=responder, title="Campaign", organisations=[department_a, department_b], severity=2, tlp="GREEN"
    )
    made.entities.filter(organisation=department_a).update(summary="Ours: one host.")
    return made


@pytest.fixture
def full(analyst: Person, responder: Person, department_a: Organisation, csirc: Team) -> Incident:
    """One with something of everything, at department A."""
    made = actions.open_incident(
        actor=analyst, title="Macro", summary="From evil.example", organisations=[department_a],
        alerts=[alert_at(department_a, "one"), alert_at(department_a, "two")], severity=4, tlp="RED", offer_to=csirc,
    )  # fmt: skip
    actions.accept(actor=responder, hand_off=made.hand_offs.get())
    part = made.entities.get()
    IncidentEntity.objects.filter(pk=part.pk).update(summary="Theirs: two hosts.", aware_at="2026-01-02T03:04:05Z")
    actions.add_task(actor=responder, incident=made, title="Isolate", entity=part)
    actions.add_task(actor=responder, incident=made, title="Preserve")
    actions.comment(actor=responder, incident=made, text="Beacon to evil.example", entity=part, audience="entity")
    notices.draft(
        actor=responder, title="Look at it", kind="incident", severity=3, tlp="AMBER", facts={"DEPA": ()},
        matter=queries.matter_of(made),
    )  # fmt: skip
    added(responder, made, b"of the part", title="Mail", entity=part, audience="entity")
    added(responder, made, b"of the team", title="Disk")
    actions.set_flag(actor=responder, incident=made, flag="personal_data", value="breach")
    return Incident.objects.get(pk=made.pk)


@pytest.fixture
def guardian(chart: Mapping[str, Person]) -> Person:
    """Give a data protection officer, who may answer requests."""
    person = Person.objects.create(username="guardian", email="guardian@tocsin.example", full_name="Guardian")
    Membership.objects.create(person=person, role="data_protection", organisation=Organisation.objects.get(code="INST"))
    return Person.objects.get(pk=person.pk)


@pytest.fixture
def second(chart: Mapping[str, Person]) -> Person:
    Membership.objects.create(person=chart["outsider"], role="responder", team=Team.objects.get(code="CSIRC"))
    return Person.objects.get(pk=chart["outsider"].pk)


@pytest.fixture
def case(responder: Person, ciso: Person, guardian: Person, second: Person, department_a: Organisation) -> Incident:
    return actions.open_insider(
        actor=responder, title="Data left the house", organisations=[department_a],
        ground=actions.Ground(*GROUND_PARTS, subject=Person.objects.get(username="officer_a")),
        people=[ciso, guardian, second],
    )  # fmt: skip


@pytest.fixture
def note(case: Incident, responder: Person) -> PersonalItem:
    return added_personal(responder, case)
