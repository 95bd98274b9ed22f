"""The timeline: put into words when it is read, in the reader's language, and as long as a page can be."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import translation

from tocsin.rooms.accounts.models import Person
from tocsin.rooms.constituency.models import Organisation, Team
from tocsin.rooms.incidents import actions, knowledge, pages, queries
from tocsin.rooms.incidents.models import Audience, Incident, TimelineEntry

ClientOf = Callable[[Person], Client]


def words(person: Person, incident: Incident, language: str = "en") -> list[str]:
    with translation.override(language):
        return [knowledge.said(entry) for entry in queries.view_or_404(person, incident.uuid).timeline()]


@pytest.fixture
def eventful(
    incident: Incident, analyst: Person, responder: Person, csirc: Team, department_b: Organisation
) -> Incident:
    csirc.name_fr = "Réponse aux incidents"
    csirc.save()
    actions.accept(actor=responder, hand_off=actions.offer(actor=analyst, incident=incident, team=csirc))
    incident.refresh_from_db()
    actions.change(actor=responder, incident=incident, severity=4, rsit_class="intrusions", summary="x", tlp="RED")
    actions.advance(actor=responder, incident=Incident.objects.get(), event="classify")
    actions.add_organisation(actor=responder, incident=incident, organisation=department_b)
    task = actions.add_task(actor=responder, incident=incident, title="Isolate it")
    actions.answer_task(actor=responder, task=task, state="done", answer="It is off.")
    actions.seal(actor=responder, incident=incident, people=[])
    return incident


def test_each_reader_reads_it_in_their_language(eventful: Incident, responder: Person) -> None:
    english, french = words(responder, eventful), words(responder, eventful, "fr")
    assert "Offered to Team CSIRC." in english
    assert "Proposé à Réponse aux incidents." in french
    assert "Severity: medium → severe\nMarking: TLP:AMBER → TLP:RED\nClass: – → Intrusions\nSummary changed." in english
    assert any(line.startswith("Gravité : moyen") for line in french)
    assert "State: triage → analysis" in english
    assert "State: triage → analysis" not in french
    assert "Task done: Isolate it\nIt is off." in english
    assert "Sealed to 1 person." in english


def test_every_event_has_its_words(eventful: Incident) -> None:
    said = set(TimelineEntry.objects.exclude(event="").values_list("event", flat=True))
    assert said <= set(knowledge.SAYINGS)
    assert {"offered", "accepted", "changed", "state", "concerned", "task", "task_done", "sealed", "opened"} <= said


def test_what_people_wrote_is_left_as_it_is(incident: Incident, analyst: Person) -> None:
    actions.comment(actor=analyst, incident=incident, text="100 % sure: %(team)s", audience=Audience.TEAM)
    assert words(analyst, incident)[-1] == "100 % sure: %(team)s"


def test_a_long_timeline_shows_its_end_first(
    incident: Incident, analyst: Person, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages.one, "ENTRIES", 3)
    for number in range(5):
        actions.comment(actor=analyst, incident=incident, text=f"remark {number}", audience=Audience.TEAM)
    client, address = client_of(analyst), f"/incidents/{incident.uuid}/"
    short, whole = client.get(address).content.decode(), client.get(f"{address}?timeline=all").content.decode()
    assert "remark 4" in short
    assert "remark 1" not in short
    assert "?timeline=all" in short
    assert "remark 1" in whole


@pytest.mark.parametrize("field", ["text", "summary"])
def test_nobody_fills_a_page_alone(incident: Incident, analyst: Person, client_of: ClientOf, field: str) -> None:
    form = {"text": ("comment", {"audience": "team"}), "summary": ("organisation", {"organisation": "DEPB"})}
    action, more = form[field]
    client_of(analyst).post(f"/incidents/{incident.uuid}/{action}/", {field: "x" * 6000, **more})
    assert "x" * 6000 not in "".join(words(analyst, incident))
    assert not incident.entities.filter(summary__contains="xxx").exists()


def test_a_time_reads_as_a_time(incident: Incident, responder: Person, analyst: Person) -> None:
    entry = TimelineEntry(event="changed", details={"changes": {"occurred_at": [None, "2026-11-26 12:00:00+00:00"]}})
    assert knowledge.said(entry) == "Began: – → 2026-11-26 12:00Z"
