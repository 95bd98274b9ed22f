"""Playbooks and runs as programs read them."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.rooms.incidents.test_api import bearer
from tests.rooms.playbooks.conftest import step
from tests.rooms.playbooks.files import identifier, linear, written
from tocsin.platform.models import GateEntry
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.incidents import actions as incidents
from tocsin.rooms.incidents.models import Incident
from tocsin.rooms.playbooks import actions
from tocsin.rooms.playbooks.models import Playbook, Run

pytestmark = pytest.mark.django_db


def test_the_collection_is_read_in_steps(responder: Person, playbook: Playbook) -> None:
    actions.take_starter(actor=responder)
    headers = bearer(responder)
    names: list[str] = []
    after: str | None = ""
    while after is not None:
        answer = Client().get("/api/playbooks", {"limit": "3", "cursor": after}, headers=headers).json()
        names += [item["name"] for item in answer["items"]]
        after = answer["next"]
    assert sorted(names) == ["A playbook", "Phishing with credential loss", "Ransomware", "Web server compromise"]
    since = Playbook.objects.get(name="Ransomware").updated_at.isoformat()
    found = Client().get("/api/playbooks", {"updated_since": since}, headers=headers).json()["items"]
    assert [item["name"] for item in found] == ["Ransomware", "Web server compromise"]


def test_one_playbook_with_its_steps_and_its_file(responder: Person, playbook: Playbook) -> None:
    headers = bearer(responder)
    one = Client().get(f"/api/playbooks/{playbook.uuid}", headers=headers).json()
    assert [each["title"] for each in one["steps"]] == ["One", "Two", "Three"]
    assert one["cacao_id"] == identifier("playbook_1")
    raw = Client().get(f"/api/playbooks/{playbook.uuid}/cacao", headers=headers)
    assert raw.content == written(linear("One", "Two", "Three"))
    assert GateEntry.objects.get(item_type="playbook").action == "api"


def test_runs_with_who_and_when_and_what_was_taken_back(responder: Person, run: Run) -> None:
    actions.tick(actor=responder, run=run, step=step(run, "One"), state="done", text="so")
    actions.undo(actor=responder, run=run, step=step(run, "One"))
    headers = bearer(responder)
    [one] = Client().get("/api/playbooks/runs", headers=headers).json()["items"]
    assert (one["incident"], one["state"], one["started_by"]) == (str(run.incident.uuid), "running", "responder")
    [said] = one["ticks"]
    assert (said["step"], said["state"], said["by"], said["note"]) == ("One", "done", "responder", "so")
    assert (said["current"], said["undone_by"]) == (False, "responder")


def test_runs_of_a_sealed_incident_are_for_those_named(responder: Person, ciso: Person, run: Run) -> None:
    assert len(Client().get("/api/playbooks/runs", headers=bearer(ciso)).json()["items"]) == 1
    incidents.withdraw(actor=responder, hand_off=run.incident.hand_offs.get())
    incidents.seal(actor=responder, incident=Incident.objects.get(), people=[])
    assert Client().get("/api/playbooks/runs", headers=bearer(ciso)).json()["items"] == []
    assert len(Client().get("/api/playbooks/runs", headers=bearer(responder)).json()["items"]) == 1


@pytest.mark.parametrize("name", ["officer_a", "admin", "outsider"])
def test_others_read_nothing(name: str, chart: dict[str, Person], run: Run, playbook: Playbook) -> None:
    headers = bearer(chart[name])
    for path in ("", "/runs", f"/{playbook.uuid}", f"/{playbook.uuid}/cacao"):
        assert Client().get(f"/api/playbooks{path}", headers=headers).status_code == 403
