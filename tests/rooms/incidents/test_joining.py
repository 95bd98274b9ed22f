"""Alerts that belong to an incident which is open already, and the way from an alert to its incidents."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tocsin.rooms.accounts.models import Person
from tocsin.rooms.alerts.models import Alert
from tocsin.rooms.constituency.models import Organisation, Team
from tocsin.rooms.incidents import actions, queries
from tocsin.rooms.incidents.models import Incident

ClientOf = Callable[[Person], Client]


@pytest.fixture
def alert_at() -> Callable[..., Alert]:
    def make(place: Organisation, **more: Any) -> Alert:
        now, number = timezone.now(), Alert.objects.count()
        given: dict[str, Any] = {
            "key": f"k{number}", "rule_id": "r", "rule_version": "1", "title": f"Alert {number}", "level": 3,
            "organisation": place, "subject": "ws", "window_start": now, "first_seen": now, "last_seen": now,
        }  # fmt: skip
        made: Alert = Alert.objects.create(**given | more)
        return made

    return make


def test_an_alert_joins_an_incident_that_is_open(
    incident: Incident, analyst: Person, department_a: Organisation, alert_at: Callable[..., Alert], client_of: ClientOf
) -> None:
    alert, client = alert_at(department_a), client_of(analyst)
    page = client.get(f"/incidents/from-alerts/?alert={alert.uuid}").content.decode()
    assert f'value="{incident.uuid}"' in page
    answer = client.post("/incidents/from-alerts/", {"alert": [str(alert.uuid)], "join": str(incident.uuid)})
    assert answer["Location"] == f"/incidents/{incident.uuid}/"
    assert set(incident.alerts.all()) == {alert}
    alert.refresh_from_db()
    assert alert.state == "escalated"


def test_from_an_alert_one_gets_to_its_incident(
    incident: Incident, analyst: Person, officer_a: Person, officer_b: Person, department_a: Organisation,
    alert_at: Callable[..., Alert], client_of: ClientOf,
) -> None:  # fmt: skip
    alert = alert_at(department_a)
    actions.join_alerts(actor=analyst, incident=incident, alerts=[alert])
    for person in (analyst, officer_a):
        assert f"/incidents/{incident.uuid}/" in client_of(person).get(f"/alerts/{alert.uuid}/").content.decode()
    assert queries.of_alert(officer_b, alert) == []
    Incident.objects.update(sealed=True)
    assert queries.of_alert(officer_a, alert) == []


def test_those_of_the_same_place_come_first_and_only_what_one_handles(
    incident: Incident, analyst: Person, officer_a: Person, department_a: Organisation, department_b: Organisation
) -> None:
    other = actions.open_incident(actor=analyst, title="At B", organisations=[department_b])
    assert list(queries.joinable(analyst, [department_a])) == [incident, other]
    assert list(queries.joinable(analyst, [department_b])) == [other, incident]
    assert list(queries.joinable(officer_a, [department_a])) == []


@pytest.mark.parametrize("chosen", ["", "nonsense", "00000000-0000-0000-0000-000000000000"])
def test_nothing_joins_what_one_does_not_handle(
    incident: Incident, analyst: Person, department_a: Organisation, alert_at: Callable[..., Alert],
    client_of: ClientOf, chosen: str,
) -> None:  # fmt: skip
    alert = alert_at(department_a)
    client_of(analyst).post("/incidents/from-alerts/", {"alert": [str(alert.uuid)], "join": chosen})
    alert.refresh_from_db()
    assert alert.state == "new"


def test_while_an_offer_waits_one_accepts_instead_of_taking(
    incident: Incident, analyst: Person, responder: Person, csirc: Team, client_of: ClientOf
) -> None:
    offer = actions.offer(actor=analyst, incident=incident, team=csirc)
    page = client_of(responder).get(f"/incidents/{incident.uuid}/").content.decode()
    assert f"/incidents/{incident.uuid}/take/" not in page
    assert str(offer.uuid) in page
    desk = client_of(responder).get("/").content.decode()
    assert 'data-key="e">Accept' in desk


def test_what_an_organisation_is_asked_waits_on_its_desk(
    analyst: Person, officer_a: Person, officer_b: Person, department_a: Organisation,
    alert_at: Callable[..., Alert], client_of: ClientOf,
) -> None:  # fmt: skip
    from tocsin.rooms.alerts import actions as alerts

    alerts.ask(actor=analyst, alert=alert_at(department_a, title="Is it yours?"), question="Your scanner?")
    assert b"Is it yours?" in client_of(officer_a).get("/").content
    assert b"Is it yours?" not in client_of(officer_b).get("/").content


def test_many_alerts_join_with_as_many_questions_as_few(
    incident: Incident, analyst: Person, department_a: Organisation, department_b: Organisation,
    alert_at: Callable[..., Alert],
) -> None:  # fmt: skip
    def cost(alerts: list[Alert]) -> int:
        with CaptureQueriesContext(connection) as asked:
            actions.join_alerts(actor=analyst, incident=incident, alerts=alerts)
        return len(asked)

    few = cost([alert_at(department_a), alert_at(department_b)])
    many = cost([alert_at(place) for place in (department_a, department_b) for _number in range(20)])
    assert many == few
    assert incident.entities.count() == 2
    assert incident.timeline.filter(event="alert").count() == incident.alerts.count() == 42
