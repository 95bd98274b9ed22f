"""Splitting: what is another matter gets an incident of its own, with all that belongs to it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client

from tests.rooms.incidents.things import alert_at
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.constituency.models import Organisation
from tocsin.rooms.incidents import actions, queries
from tocsin.rooms.incidents.models import Incident, IncidentEntity, Relation
from tocsin.rooms.intel.models import Observable
from tocsin.rooms.notices import actions as notices
from tocsin.rooms.notices.models import Notice

ClientOf = Callable[[Person], Client]


@pytest.fixture
def both(responder: Person, department_a: Organisation, department_b: Organisation) -> Incident:
    made = actions.open_incident(
        actor=responder, title="Two matters", organisations=[department_a, department_b], severity=4, tlp="RED",
        alerts=[alert_at(department_a, "a"), alert_at(department_b, "b")],
    )  # fmt: skip
    for part in made.entities.all():
        code = part.organisation.code
        actions.add_task(actor=responder, incident=made, title=f"Task of {code}", entity=part)
        actions.comment(actor=responder, incident=made, text=f"{code}: evil.example", entity=part, audience="entity")
        notices.draft(
            actor=responder, title=f"Notice to {code}", kind="incident", severity=3, tlp="AMBER", facts={code: ()},
            matter=queries.matter_of(made),
        )  # fmt: skip
    actions.add_task(actor=responder, incident=made, title="Task of all")
    return Incident.objects.get(pk=made.pk)


def part_of(incident: Incident, code: str) -> IncidentEntity:
    return incident.entities.get(organisation__code=code)


def test_with_an_organisation_goes_all_that_is_its_own(
    both: Incident, responder: Person, officer_a: Person, officer_b: Person
) -> None:
    chosen = actions.Chosen(parts=[part_of(both, "DEPB")])
    made = actions.split(actor=responder, incident=both, title="The other", chosen=chosen, reason="another sender")
    assert [task.title for task in made.tasks.all()] == ["Task of DEPB"]
    assert [alert.title for alert in made.alerts.all()] == ["Alert b"]
    assert list(Notice.objects.filter(matter=made.uuid).values_list("title", flat=True)) == ["Notice to DEPB"]
    assert {task.title for task in both.tasks.all()} == {"Task of DEPA", "Task of all"}
    assert [alert.title for alert in both.alerts.all()] == ["Alert a"]
    assert (made.severity, made.tlp, made.state) == (4, "RED", both.state)
    assert not Incident.objects.visible_to(officer_b).filter(pk=both.pk).exists()
    assert not Incident.objects.visible_to(officer_a).filter(pk=made.pk).exists()
    assert Observable.objects.get(value="evil.example").seen == 2
    relation = Relation.objects.get()
    assert (relation.kind, relation.first, relation.second) == ("split", both, made)
    assert [link.kind for _, link in queries.family(queries.view_or_404(responder, made.uuid)).linked] == ["split"]


def test_single_things_go_with_a_part_of_the_same_organisation(both: Incident, responder: Person) -> None:
    task = both.tasks.get(title="Task of DEPB")
    entry = both.timeline.get(text__startswith="DEPA: evil")
    chosen = actions.Chosen(tasks=[task], entries=[entry], alerts=list(both.alerts.filter(key="a")))
    made = actions.split(actor=responder, incident=both, title="The other", chosen=chosen)
    assert {part.organisation.code for part in made.entities.all()} == {"DEPA", "DEPB"}
    assert made.tasks.get().entity == part_of(made, "DEPB")
    entry.refresh_from_db()
    assert entry.entity == part_of(made, "DEPA")
    assert made.sightings.filter(observable__value="evil.example").exists()
    assert both.entities.count() == 2


def test_a_sealed_one_gives_a_sealed_one(both: Incident, responder: Person, ciso: Person) -> None:
    actions.seal(actor=responder, incident=both, people=[ciso])
    chosen = actions.Chosen(tasks=list(both.tasks.filter(title="Task of all")))
    made = actions.split(actor=responder, incident=both, title="The other", chosen=chosen)
    assert made.sealed
    assert set(made.seals.values_list("person__username", flat=True)) == {"responder", "ciso"}


def test_what_cannot_be_split_says_why(both: Incident, incident: Incident, responder: Person, analyst: Person) -> None:
    def refused(match: str, **chosen: object) -> None:
        with pytest.raises(ValidationError, match=match):
            actions.split(
                actor=responder, incident=both, title="x", chosen=actions.Chosen(**chosen)  # type: ignore[arg-type]
            )  # fmt: skip

    refused("Choose what")
    refused("One organisation must stay", parts=list(both.entities.all()))
    refused("moved some of this", parts=[incident.entities.get()])
    refused("moved some of this", alerts=[alert_at(Organisation.objects.get(code="DEPA"), "foreign")])
    with pytest.raises(ValidationError, match="title"):
        actions.split(
            actor=responder, incident=both, title=" ", chosen=actions.Chosen(tasks=list(both.tasks.all()))
        )  # fmt: skip
    with pytest.raises(PermissionDenied):
        actions.split(actor=analyst, incident=both, title="x", chosen=actions.Chosen(tasks=list(both.tasks.all())))
    Incident.objects.filter(pk=both.pk).update(open=False)
    refused("has ended", tasks=list(both.tasks.all()))
    assert Incident.objects.count() == 2


def test_the_page_offers_what_one_sees_and_takes_nothing_else(
    both: Incident, incident: Incident, responder: Person, client_of: ClientOf
) -> None:
    client, address = client_of(responder), f"/incidents/{both.uuid}/split/"
    page = client.get(address).content.decode()
    assert "Task of DEPB" in page
    assert "Alert a" in page
    foreign = incident.entities.get()
    assert "errorlist" in client.post(address, {"title": "x", "parts": [foreign.uuid]}).content.decode()
    answer = client.post(address, {"title": "The other", "parts": [part_of(both, "DEPB").uuid]})
    made = Incident.objects.get(title="The other")
    assert answer["Location"] == f"/incidents/{made.uuid}/"
    assert "The other" in client.get(f"/incidents/{both.uuid}/").content.decode()
