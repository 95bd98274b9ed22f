"""Who may know of an incident, and which part of it."""

from __future__ import annotations

import uuid
from collections.abc import Callable

import pytest
from django.db import connection
from django.http import Http404
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tocsin.rooms.accounts.models import Person
from tocsin.rooms.constituency.models import Organisation
from tocsin.rooms.incidents import actions, queries
from tocsin.rooms.incidents.models import Audience, Incident


def sees(person: Person, incident: Incident) -> bool:
    return queries.visible(person).filter(pk=incident.pk).exists()


def test_an_analyst_and_the_ciso_see_it_in_full(incident: Incident, analyst: Person, ciso: Person) -> None:
    assert queries.view_or_404(analyst, incident.uuid).handler
    assert queries.view_or_404(ciso, incident.uuid).handler


def test_the_officer_concerned_sees_their_part(incident: Incident, officer_a: Person) -> None:
    view = queries.view_or_404(officer_a, incident.uuid)
    assert not view.handler
    assert [part.organisation.code for part in view.entities] == ["DEPA"]


def test_others_do_not_see_it(incident: Incident, officer_b: Person, outsider: Person, admin: Person) -> None:
    for person in (officer_b, outsider, admin):
        assert not sees(person, incident)
        with pytest.raises(Http404):
            queries.view_or_404(person, incident.uuid)


def test_an_officer_reads_neither_the_teams_notes_nor_another_part(
    incident: Incident, analyst: Person, responder: Person, officer_a: Person, department_b: Organisation
) -> None:
    other = actions.add_organisation(actor=responder, incident=incident, organisation=department_b, summary="B's own")
    actions.comment(actor=analyst, incident=incident, text="team only")
    actions.comment(actor=analyst, incident=incident, text="for B", entity=other, audience=Audience.ENTITY)
    actions.comment(actor=analyst, incident=incident, text="for all", audience=Audience.ALL)
    read = {entry.text for entry in queries.view_or_404(officer_a, incident.uuid).timeline()}
    assert "for all" in read
    assert not read & {"team only", "for B"}
    assert not any("DEPB" in text for text in read)


def test_an_officer_page_carries_nothing_of_another_part(
    incident: Incident,
    responder: Person,
    officer_a: Person,
    department_b: Organisation,
    client_of: Callable[[Person], Client],
) -> None:
    actions.add_organisation(actor=responder, incident=incident, organisation=department_b, summary="secret of B")
    answer = client_of(officer_a).get(f"/incidents/{incident.uuid}/")
    assert answer.status_code == 200
    page = answer.content.decode()
    assert "DEPA" in page
    assert "secret of B" not in page
    assert "DEPB" not in page
    listed = client_of(officer_a).get("/incidents/").content.decode()
    assert "DEPA" in listed
    assert "DEPB" not in listed


def test_an_analyst_with_a_narrow_mandate_sees_their_organisations_parts_only(
    incident: Incident, responder: Person, department_b: Organisation, outsider: Person, chart: object
) -> None:
    from tocsin.rooms.constituency.models import Mandate, Membership, Team

    actions.add_organisation(actor=responder, incident=incident, organisation=department_b)
    narrow = Team.objects.create(code="NARROW", name="Narrow", organisation=department_b)
    Mandate.objects.create(team=narrow, organisation=department_b)
    Membership.objects.create(person=outsider, role="analyst", team=narrow)
    view = queries.view_or_404(Person.objects.get(pk=outsider.pk), incident.uuid)
    assert [part.organisation.code for part in view.entities] == ["DEPB"]


def test_a_sealed_incident_exists_for_the_named_only(
    incident: Incident, responder: Person, analyst: Person, officer_a: Person, ciso: Person
) -> None:
    actions.seal(actor=responder, incident=incident, people=[ciso])
    assert sees(responder, incident)
    assert sees(ciso, incident)
    assert not sees(analyst, incident)
    assert not sees(officer_a, incident)
    actions.unseal(actor=ciso, incident=incident)
    assert sees(analyst, incident)


def test_a_sealed_incident_answers_exactly_as_one_that_does_not_exist(
    incident: Incident, responder: Person, analyst: Person, client_of: Callable[[Person], Client]
) -> None:
    actions.seal(actor=responder, incident=incident, people=[])
    client = client_of(analyst)
    for path in ("/incidents/{}/", "/api/incidents/{}"):
        answers = []
        for name in (incident.uuid, uuid.uuid4()):
            with CaptureQueriesContext(
                connection,
            ) as queries_made:
                answer = client.get(path.format(name))
            answers.append((answer.status_code, answer.content.replace(str(name).encode(), b""), len(queries_made)))
        assert answers[0] == answers[1]


def test_the_rights_of_who_opened_it_end_with_their_office(incident: Incident, analyst: Person) -> None:
    analyst.memberships.all().delete()
    assert not sees(Person.objects.get(pk=analyst.pk), incident)
