"""Incidents as programs read them."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from django.test import Client

from tocsin.rooms.accounts import actions as accounts
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.incidents import actions
from tocsin.rooms.incidents.models import Incident

VERBS = ["incidents.view", "incidents.part"]


def bearer(person: Person, verbs: list[str] = VERBS) -> dict[str, str]:
    _token, key = accounts.make_token(
        person=person, name="test", verbs=verbs, expires_in=timedelta(days=1), actor=person
    )
    return {"Authorization": f"Bearer {key}"}


def test_a_collection_has_items_and_a_cursor(incident: Incident, analyst: Person) -> None:
    answer = Client().get("/api/incidents", headers=bearer(analyst))
    assert answer.status_code == 200
    assert [item["reference"] for item in answer.json()["items"]] == [incident.reference]
    assert answer.json()["items"][0]["organisations"] == ["DEPA"]
    assert answer.json()["next"] is None


def test_without_a_token_or_the_right_there_is_nothing(incident: Incident, analyst: Person, outsider: Person) -> None:
    assert Client().get("/api/incidents").status_code == 401
    assert Client().get("/api/incidents", headers=bearer(analyst, ["alerts.view"])).status_code == 403


def test_an_officer_of_another_department_gets_nothing(
    incident: Incident, officer_a: Person, officer_b: Person
) -> None:
    assert Client().get("/api/incidents", headers=bearer(officer_b, ["incidents.part"])).json()["items"] == []
    assert (
        Client().get(f"/api/incidents/{incident.uuid}", headers=bearer(officer_b, ["incidents.part"])).status_code
        == 404
    )
    mine = Client().get(f"/api/incidents/{incident.uuid}", headers=bearer(officer_a, ["incidents.part"])).json()
    assert mine["summary"] == ""
    assert {entry["audience"] for entry in mine["timeline"]} <= {"entity", "all"}


@pytest.mark.parametrize("verbs", [VERBS])
def test_a_sealed_one_answers_as_one_that_does_not_exist(
    incident: Incident, responder: Person, analyst: Person, verbs: list[str]
) -> None:
    actions.seal(actor=responder, incident=incident, people=[])
    headers = bearer(analyst, ["incidents.view"])

    def ask(uuid: UUID) -> tuple[int, bytes]:
        answer = Client().get(f"/api/incidents/{uuid}", headers=headers)
        return answer.status_code, answer.content

    assert ask(incident.uuid) == ask(uuid4())
    assert Client().get("/api/incidents", headers=headers).json()["items"] == []


def test_a_program_reads_what_an_incident_belongs_to(
    incident: Incident, full: Incident, responder: Person, officer_a: Person
) -> None:
    actions.set_parent(actor=responder, incident=full, parent=incident)
    actions.set_flag(actor=responder, incident=incident, flag="targeted", value="targeted")
    seen = Client().get(f"/api/incidents/{incident.uuid}", headers=bearer(responder)).json()
    assert seen["children"] == [str(full.uuid)]
    assert seen["flags"]["targeted"] == "targeted"
    assert seen["closing"] is None
    theirs = Client().get(f"/api/incidents/{incident.uuid}", headers=bearer(officer_a, ["incidents.part"])).json()
    assert theirs["flags"] is None
    actions.set_parent(actor=responder, incident=full, parent=None)
    actions.merge(actor=responder, source=full, target=incident)
    gone = Client().get(f"/api/incidents/{full.uuid}", headers=bearer(responder)).json()
    assert (gone["state"], gone["merged_into"]) == ("merged", str(incident.uuid))


def test_deadlines_are_read_by_those_who_see_them(incident: Incident, analyst: Person, officer_a: Person) -> None:
    handled = Client().get(f"/api/incidents/{incident.uuid}", headers=bearer(analyst)).json()
    assert {each["promise"] for each in handled["deadlines"]} == {"acknowledge", "contain", "recover", "update"}
    assert handled["due_at"] == min(each["due_at"] for each in handled["deadlines"])
    own = Client().get(f"/api/incidents/{incident.uuid}", headers=bearer(officer_a)).json()
    assert {each["promise"] for each in own["deadlines"]} == {"acknowledge", "contain", "recover"}
    assert own["due_at"] is None
