"""Evidence goes with its incident when that is merged, split or taken apart, and its custody log says so."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from tests.rooms.incidents.filing import added
from tests.rooms.incidents.things import fresh
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.artefacts import queries as artefacts
from tocsin.rooms.constituency.models import Organisation
from tocsin.rooms.incidents import actions, queries
from tocsin.rooms.incidents.actions.splitting import Chosen
from tocsin.rooms.incidents.models import Evidence, Incident


def titles(user: Person, incident: Incident) -> list[str]:
    view = queries.view_or_404(Person.objects.get(pk=user.pk), incident.uuid)
    return sorted(queries.evidence_of(view).values_list("title", flat=True))


def log(evidence: Evidence) -> list[tuple[str, str]]:
    return list(artefacts.custody_of(evidence.artefact).values_list("act", "recipient"))


def test_merged_it_is_in_the_other(full: Incident, other: Incident, responder: Person, officer_a: Person) -> None:
    disk = Evidence.objects.get(title="Disk")
    actions.destroy_evidence(actor=responder, evidence=Evidence.objects.get(title="Mail"), reason="over")
    actions.merge(actor=responder, source=full, target=other)
    assert (titles(responder, other), titles(officer_a, other)) == (["Disk", "Mail"], ["Mail"])
    assert Evidence.objects.get(title="Mail").entity == other.entities.get(organisation__code="DEPA")
    disk.refresh_from_db()
    assert log(disk) == [("received", ""), ("moved", other.reference)]
    for each in Evidence.objects.all():
        assert artefacts.custody_is_whole(each.artefact, other)
    with actions.take_along(actor=responder, evidence=disk) as content:
        assert content.read() == b"of the team"
    assert actions.verify_evidence(actor=responder, evidence=disk).act == "verified"


def test_what_it_was_before_cannot_be_cut_off_after(full: Incident, other: Incident, responder: Person) -> None:
    actions.merge(actor=responder, source=full, target=other)
    disk = Evidence.objects.get(title="Disk")
    disk.artefact.custody.filter(act="moved")._raw_delete("default")
    assert not artefacts.custody_is_whole(disk.artefact, other)


def test_taken_apart_it_is_back(full: Incident, other: Incident, responder: Person) -> None:
    actions.merge(actor=responder, source=full, target=other)
    actions.take_apart(actor=responder, incident=fresh(full))
    assert (titles(responder, full), titles(responder, other)) == (["Disk", "Mail"], [])
    assert log(Evidence.objects.get(title="Mail")) == [
        ("received", ""), ("moved", other.reference), ("moved", full.reference),
    ]  # fmt: skip
    assert Evidence.objects.get(title="Mail").entity == full.entities.get()


def test_a_part_that_is_split_off_takes_its_own_along(
    full: Incident, responder: Person, department_b: Organisation
) -> None:
    part = actions.add_organisation(actor=responder, incident=full, organisation=department_b)
    added(responder, full, b"x", title="Of B", entity=part, audience="entity")
    made = actions.split(actor=responder, incident=full, title="Another", chosen=Chosen(parts=[part]))
    assert titles(responder, made) == ["Of B"]
    assert titles(responder, full) == ["Disk", "Mail"]
    assert log(Evidence.objects.get(title="Of B"))[-1] == ("moved", made.reference)


def test_a_merge_says_who_will_read_what_is_for_all(
    full: Incident, other: Incident, responder: Person, department_b: Organisation
) -> None:
    actions.add_organisation(actor=responder, incident=other, organisation=department_b)
    assert actions.plan_merge(actor=responder, source=full, target=other).newly_reading == ()
    added(responder, full, b"x", audience="all")
    planned = actions.plan_merge(actor=responder, source=full, target=other)
    assert planned.newly_reading == ["DEPB"]
    assert dict(planned.sections)["Evidence"].number == 3


def test_nothing_is_added_to_what_was_merged(full: Incident, other: Incident, responder: Person) -> None:
    disk = Evidence.objects.get(title="Disk")
    actions.merge(actor=responder, source=full, target=other)
    with pytest.raises(ValidationError, match="merged"):
        added(responder, full, b"x")
    with pytest.raises(ValidationError, match="merged"):
        actions.hold_evidence(actor=responder, evidence=disk, reason="x")
