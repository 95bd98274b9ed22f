"""What a seal hides: the incident, and the alerts whose state would tell of it."""

from __future__ import annotations

from collections.abc import Callable
from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tocsin.platform.models import GateEntry, OutboxMessage
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.alerts.models import Alert
from tocsin.rooms.constituency.models import Organisation
from tocsin.rooms.incidents import actions
from tocsin.rooms.incidents.models import Incident


@pytest.fixture
def alert(department_a: Organisation) -> Alert:
    now = timezone.now()
    made: Alert = Alert.objects.create(
        key="sealed",
        rule_id="r",
        rule_version="1",
        title="Copies of the personnel files",
        level=4,
        organisation=department_a,
        subject_kind="user",
        subject="insider",
        window_start=now,
        first_seen=now,
        last_seen=now,
    )
    return made


@pytest.fixture
def sealed(alert: Alert, analyst: Person, responder: Person, ciso: Person, department_a: Organisation) -> Incident:
    opened = actions.open_incident(actor=analyst, title="Insider", organisations=[department_a], alerts=[alert])
    return actions.seal(actor=responder, incident=opened, people=[ciso])


def known(person: Person, alert: Alert) -> bool:
    return Alert.objects.visible_to(Person.objects.get(pk=person.pk)).filter(pk=alert.pk).exists()


def test_its_alerts_stay_with_the_people_named(
    sealed: Incident, alert: Alert, analyst: Person, responder: Person, ciso: Person, officer_a: Person
) -> None:
    assert [known(p, alert) for p in (responder, ciso, analyst, officer_a)] == [True, True, False, False]
    actions.unseal(actor=responder, incident=sealed)
    assert [known(p, alert) for p in (responder, ciso, analyst, officer_a)] == [True, True, True, True]


def test_a_seal_hides_no_other_alert(sealed: Incident, alert: Alert, analyst: Person) -> None:
    other = Alert.objects.get(pk=alert.pk)
    other.pk, other.uuid, other.key = None, uuid4(), "other"
    other.save()
    assert known(analyst, other)


@pytest.mark.parametrize("name", ["analyst", "officer_a"])
def test_its_alerts_answer_as_those_that_do_not_exist(
    sealed: Incident, alert: Alert, name: str, chart: dict[str, Person], client_of: Callable[[Person], Client]
) -> None:
    client = client_of(chart[name])
    for path in ("/alerts/{}/", "/alerts/{}/hits/", "/alerts/{}/raw/", "/incidents/from-alerts/?alert={}"):
        answers = []
        for uuid in (alert.uuid, uuid4()):
            with CaptureQueriesContext(connection) as made:
                answer = client.get(path.format(uuid))
            answers.append((answer.status_code, answer.content.replace(str(uuid).encode(), b""), len(made)))
        assert answers[0] == answers[1], path
    for path in ("/", "/alerts/?state=all", "/alerts/?state=escalated", "/alerts/?q=insider&state=all"):
        page = client.get(path).content
        assert b"personnel files" not in page, path
        assert str(alert.uuid).encode() not in page, path


def test_to_be_named_is_no_office(sealed: Incident, ciso: Person, alert: Alert) -> None:
    ciso.memberships.all().delete()
    former = Person.objects.get(pk=ciso.pk)
    assert not Incident.objects.visible_to(former).exists()
    assert not Incident.objects.handled_by(former).exists()


def test_a_part_of_another_incident_is_refused_everywhere(
    sealed: Incident, incident: Incident, responder: Person
) -> None:
    foreign = sealed.entities.get()
    with pytest.raises(ValidationError, match="not concerned"):
        actions.comment(actor=responder, incident=incident, text="x", entity=foreign, audience="entity")
    with pytest.raises(ValidationError, match="not concerned"):
        actions.inform(actor=responder, incident=incident, entity=foreign, subject="s", text="t")
    with pytest.raises(ValidationError, match="not concerned"):
        actions.add_task(actor=responder, incident=incident, title="t", entity=foreign)


def test_an_organisation_out_of_reach_cannot_be_added(incident: Incident, responder: Person) -> None:
    with pytest.raises(PermissionDenied):
        actions.add_organisation(
            actor=responder, incident=incident, organisation=Organisation.objects.get(code="OTHER")
        )


def test_no_event_closes_an_incident_without_its_cause(incident: Incident, responder: Person) -> None:
    actions.change(actor=responder, incident=incident, rsit_class="intrusions", rsit_type="system-compromise")
    with pytest.raises(ValidationError, match="cause"):
        actions.advance(actor=responder, incident=incident, event="close")


def test_someone_named_may_comment(sealed: Incident, ciso: Person) -> None:
    assert actions.comment(actor=ciso, incident=sealed, text="seen").author == ciso


def test_what_did_not_arrive_asks_the_gate_again(
    incident: Incident, responder: Person, officer_a: Person, client_of: Callable[[Person], Client]
) -> None:
    part = actions.inform(actor=responder, incident=incident, entity=incident.entities.get(), subject="s", text="t")
    state = OutboxMessage.objects.filter(telling__part=part)
    told = state.get()
    state.update(state="uncertain")
    client = client_of(responder)
    actions.seal(actor=responder, incident=incident, people=[])
    client.post(f"/ledger/{told.uuid}/again/")
    assert state.get().state == "uncertain"
    assert GateEntry.objects.filter(item_uuid=part.uuid).order_by("-id")[0].allowed is False
    actions.seal(actor=responder, incident=incident, people=[officer_a])
    client.post(f"/ledger/{told.uuid}/again/")
    assert state.get().state == "queued"
    assert GateEntry.objects.filter(item_uuid=part.uuid, allowed=True).count() == 2
