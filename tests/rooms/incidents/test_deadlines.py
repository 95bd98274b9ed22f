"""What is promised of an incident: made when it opens, moved when it changes, kept by what is done."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.test import Client

from tests.rooms.incidents.policies import NOW, Clock, in_force
from tocsin.platform.models import AuditEntry
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.constituency.models import Membership, Organisation, Team
from tocsin.rooms.incidents import actions, knowledge, queries
from tocsin.rooms.incidents.models import NO_DUE, Deadline, Incident, IncidentEntity

HOUR = timedelta(hours=1)
LEARNT: dict[str, Any] = {
    "cause": "x", "impact": "y", "lesson": "z", "confidentiality": "low", "integrity": "none", "availability": "none",
}  # fmt: skip


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


@pytest.fixture
def opened(clock: Clock, analyst: Person, department_a: Organisation) -> Incident:
    return clock.begin(actions.open_incident(actor=analyst, title="t", organisations=[department_a], severity=4))


def fresh(thing: Any) -> Any:
    return type(thing).objects.get(pk=thing.pk)


def of(incident: Incident, kind: str) -> Deadline:
    found: Deadline = incident.deadlines.get(kind=kind, entity=None)
    return found


def said(incident: Incident) -> list[str]:
    return [knowledge.said(entry) for entry in incident.timeline.order_by("id")]


def test_an_incident_opens_with_its_deadlines(opened: Incident, analyst: Person) -> None:
    found = {each.kind: each for each in opened.deadlines.all()}
    assert {kind: each.due_at - opened.created_at for kind, each in found.items()} == {
        "acknowledge": timedelta(minutes=30), "contain": 8 * HOUR, "recover": 96 * HOUR, "update": 4 * HOUR,
    }  # fmt: skip
    assert found["acknowledge"].team == Team.objects.get(code="SOC")
    assert found["contain"].person == analyst
    assert found["contain"].warn_at - opened.created_at == 6 * HOUR
    assert {each.policy for each in found.values()} == {"house"}
    assert fresh(opened).next_due_at == found["acknowledge"].due_at
    assert opened.due_at == found["acknowledge"].due_at


def test_what_is_done_keeps_what_was_promised(opened: Incident, clock: Clock, responder: Person) -> None:
    clock.at = NOW + timedelta(minutes=20)
    actions.advance(actor=responder, incident=opened, event="acknowledge")
    found = of(opened, "acknowledge")
    assert (found.met_at, found.took, found.breached_at) == (clock.at, 20 * 60, None)
    clock.at = NOW + 9 * HOUR
    actions.change(actor=responder, incident=opened, rsit_class="malicious-code")
    actions.advance(actor=responder, incident=opened, event="classify")
    actions.advance(actor=responder, incident=opened, event="contain")
    late = of(opened, "contain")
    assert (late.met_at, late.took, late.breached_at) == (clock.at, 9 * 3600, NOW + 8 * HOUR)
    for event in ("eradicate", "restore", "verify"):
        actions.advance(actor=responder, incident=opened, event=event)
    assert of(opened, "recover").met_at == clock.at
    assert not fresh(opened).breached


def test_accepting_an_offer_acknowledges(opened: Incident, analyst: Person, responder: Person, csirc: Team) -> None:
    offer = actions.offer(actor=analyst, incident=opened, team=csirc)
    assert of(opened, "acknowledge").open
    actions.accept(actor=responder, hand_off=offer)
    assert of(opened, "acknowledge").met_at is not None
    assert of(opened, "contain").person == responder


def test_deadlines_move_with_the_severity_and_the_timeline_keeps_it(opened: Incident, responder: Person) -> None:
    actions.change(actor=responder, incident=opened, severity=5)
    assert of(opened, "contain").due_at == NOW + 4 * HOUR
    [moved] = [text for text in said(opened) if text.startswith("Deadlines moved:")]
    assert "\ncontain: due 2026-11-27 18:00Z → 2026-11-27 14:00Z" in moved
    assert fresh(opened).next_due_at == NOW + timedelta(minutes=15)


def test_a_promise_that_no_severity_makes_is_dropped_and_comes_back(opened: Incident, responder: Person) -> None:
    actions.change(actor=responder, incident=opened, severity=1)
    assert of(opened, "update").stopped_at is not None
    assert "Deadline dropped – next update" in said(opened)
    actions.change(actor=responder, incident=opened, severity=4)
    assert of(opened, "update").open


def test_what_was_met_is_not_reckoned_again(opened: Incident, clock: Clock, responder: Person) -> None:
    clock.at = NOW + timedelta(minutes=20)
    actions.advance(actor=responder, incident=opened, event="acknowledge")
    actions.change(actor=responder, incident=opened, severity=5)
    found = of(opened, "acknowledge")
    assert (found.severity, found.due_at, found.breached_at) == (4, NOW + timedelta(minutes=30), None)


def test_less_severe_is_no_more_late(opened: Incident, clock: Clock, responder: Person) -> None:
    clock.at = NOW + HOUR
    actions.keep_levels()
    assert fresh(opened).breached
    actions.change(actor=responder, incident=opened, severity=2)
    assert not fresh(opened).breached
    assert of(opened, "acknowledge").breached_at is None


def test_telling_those_concerned_begins_the_time_to_the_next_update(
    opened: Incident, clock: Clock, analyst: Person, officer_a: Person
) -> None:
    part = opened.entities.get()
    for offset, audience, who, moves in (
        (1, "team", analyst, False), (2, "entity", analyst, True), (3, "all", analyst, True),
        (4, "entity", officer_a, False),
    ):  # fmt: skip
        clock.at = NOW + offset * HOUR
        before = of(opened, "update").due_at
        entity = part if audience == "entity" else None
        actions.comment(actor=who, incident=opened, text="x", entity=entity, audience=audience)
        assert (of(opened, "update").due_at == clock.at + 4 * HOUR) is moves
        assert moves or of(opened, "update").due_at == before


def test_closing_ends_what_is_not_kept_and_opening_again_goes_on(
    opened: Incident, clock: Clock, responder: Person
) -> None:
    actions.change(actor=responder, incident=opened, rsit_class="malicious-code")
    for event in ("acknowledge", "classify"):
        actions.advance(actor=responder, incident=opened, event=event)
    clock.at = NOW + HOUR
    actions.close(actor=responder, incident=opened, **LEARNT)
    assert of(opened, "contain").stopped_at == clock.at
    assert fresh(opened).next_due_at == NO_DUE
    assert fresh(opened).due_at is None
    clock.at = NOW + 100 * HOUR
    actions.advance(actor=responder, incident=opened, event="reopen")
    again = of(opened, "contain")
    assert again.open
    assert again.due_at == NOW + 8 * HOUR + 99 * HOUR  # what passed while it was closed is given on top


def test_everybody_who_takes_it_answers_for_it(opened: Incident, responder: Person) -> None:
    actions.take(actor=responder, incident=opened)
    assert of(opened, "contain").person == responder


def test_a_deadline_has_one_owner(opened: Incident, analyst: Person) -> None:
    found = of(opened, "contain")
    for person, team in ((None, None), (analyst, Team.objects.get(code="SOC"))):
        found.person, found.team = person, team
        with pytest.raises(IntegrityError), transaction.atomic():
            found.save()
    with pytest.raises(IntegrityError), transaction.atomic():
        Deadline.objects.bulk_create([Deadline(**{**_values(found), "person": analyst, "team": None})])


def _values(deadline: Deadline) -> dict[str, Any]:
    skipped = {"id", "uuid", "person_id", "team_id"}
    return {
        field.attname: getattr(deadline, field.attname)
        for field in Deadline._meta.fields
        if field.attname not in skipped
    }


def test_a_pause_needs_a_reason_and_the_policy_and_gives_the_time_back(
    opened: Incident, clock: Clock, responder: Person, analyst: Person
) -> None:
    contain = of(opened, "contain")
    for who, which, reason, error in (
        (responder, contain, "  ", ValidationError), (responder, of(opened, "acknowledge"), "x", ValidationError),
        (analyst, contain, "x", PermissionDenied),
    ):  # fmt: skip
        with pytest.raises(error):
            actions.pause(actor=who, deadline=which, reason=reason)
    actions.pause(actor=responder, deadline=contain, reason="waits for the provider")
    with pytest.raises(ValidationError, match="paused already"):
        actions.pause(actor=responder, deadline=contain, reason="x")
    clock.at = NOW + 20 * HOUR
    actions.keep_levels()
    assert of(opened, "contain").breached_at is None
    actions.resume(actor=responder, deadline=contain)
    assert of(opened, "contain").due_at == NOW + 28 * HOUR
    with pytest.raises(ValidationError, match="not paused"):
        actions.resume(actor=responder, deadline=contain)
    assert "Deadline paused – contain:\nwaits for the provider" in said(opened)
    assert "Deadline runs again – contain: due 2026-11-28 14:00Z" in said(opened)
    assert AuditEntry.objects.filter(verb="incident.deadline_paused", object_uuid=opened.uuid).exists()


def test_what_is_kept_while_paused_took_no_time_of_the_pause(opened: Incident, clock: Clock, responder: Person) -> None:
    actions.change(actor=responder, incident=opened, rsit_class="malicious-code")
    for event in ("acknowledge", "classify"):
        actions.advance(actor=responder, incident=opened, event=event)
    clock.at = NOW + 2 * HOUR
    actions.pause(actor=responder, deadline=of(opened, "contain"), reason="x")
    clock.at = NOW + 50 * HOUR
    actions.advance(actor=responder, incident=opened, event="contain")
    found = of(opened, "contain")
    assert (found.took, found.breached_at) == (2 * 3600, None)
    with pytest.raises(ValidationError, match="over"):
        actions.pause(actor=responder, deadline=found, reason="x")


OFFICERS = """
  - id: officers
    organisations: [INST]
    calendar: eu-brussels
    owners: {acknowledge: officer, contain: team}
    begins: {acknowledge: aware, contain: began}
    targets: {S3: {acknowledge: 2 h, contain: 4 h}}
  - {id: b, organisations: [DEPB], owners: {contain: owner}, targets: {S3: {contain: 1 h}}}
"""


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with in_force(tmp_path, OFFICERS, monkeypatch):
        yield


@pytest.fixture
def two(own: None, clock: Clock, analyst: Person, department_a: Organisation, department_b: Organisation) -> Incident:
    return clock.begin(actions.open_incident(actor=analyst, title="t", organisations=[department_a], severity=3))


def test_an_officer_answers_for_the_part_of_their_organisation(
    two: Incident, clock: Clock, officer_a: Person, officer_b: Person
) -> None:
    found = two.deadlines.get(kind="acknowledge")
    assert (found.entity, found.person) == (two.entities.get(), officer_a)
    assert fresh(two).next_due_at == of(two, "contain").due_at  # the list is of the handling team's alone
    assert [each.kind for each in queries.view_or_404(officer_a, two.uuid).deadlines()] == ["acknowledge", "contain"]
    clock.at = NOW + HOUR
    actions.comment(actor=officer_a, incident=two, text="seen", entity=two.entities.get())
    assert two.deadlines.get(kind="acknowledge").took == 3600


def test_the_first_of_several_organisations_times_holds(
    two: Incident, responder: Person, department_b: Organisation, officer_a: Person
) -> None:
    assert of(two, "contain").team is not None
    actions.add_organisation(actor=responder, incident=two, organisation=department_b)
    found = of(two, "contain")
    assert (found.policy, found.due_at, found.team) == ("b", NOW + HOUR, None)
    assert {each.kind for each in two.deadlines.filter(entity=None)} == {"contain"}
    assert two.deadlines.filter(kind="acknowledge").count() == 1  # B's own policy promises none


def test_a_deadline_may_begin_when_the_attack_did(two: Incident, responder: Person) -> None:
    for began, due in (
        (datetime(2026, 11, 27, 8, 30, tzinfo=UTC), datetime(2026, 11, 27, 12, 30, tzinfo=UTC)),
        (datetime(2026, 11, 26, 15, 30, tzinfo=UTC), datetime(2026, 11, 27, 11, 0, tzinfo=UTC)),
        (datetime(2030, 1, 1, tzinfo=UTC), NOW + 4 * HOUR),  # not later than it was opened
    ):
        actions.change(actor=responder, incident=two, occurred_at=began)
        assert of(two, "contain").due_at == due
    actions.change(actor=responder, incident=two, occurred_at=datetime(1, 1, 2, tzinfo=UTC))
    assert of(two, "contain").due_at > NOW - timedelta(days=740)


def test_without_an_officer_the_incidents_owner_answers(
    own: None, clock: Clock, analyst: Person, department_a: Organisation
) -> None:
    Membership.objects.filter(role="officer", organisation=department_a).delete()
    made = actions.open_incident(actor=analyst, title="t", organisations=[department_a], severity=3)
    assert made.deadlines.get(kind="acknowledge").person == analyst


def test_the_page_shows_them_and_pauses(
    opened: Incident, responder: Person, officer_a: Person, client_of: Callable[[Person], Client]
) -> None:
    page = client_of(responder).get(f"/incidents/{opened.uuid}/").content.decode()
    assert "Deadlines" in page
    assert "next update" in page
    address = f"/incidents/{opened.uuid}/deadline/{of(opened, 'contain').uuid}/"
    assert client_of(responder).post(f"{address}pause/", {"reason": "<b>=cmd|x\0</b>"}).status_code in {302, 400}
    client_of(responder).post(f"{address}pause/", {"reason": "<b>=cmd|x</b>"})
    shown = client_of(responder).get(f"/incidents/{opened.uuid}/").content.decode()
    assert "&lt;b&gt;=cmd|x&lt;/b&gt;" in shown
    assert client_of(officer_a).post(f"{address}resume/").status_code in {302, 403}
    assert of(opened, "contain").paused_at is not None
    client_of(responder).post(f"{address}resume/")
    assert of(opened, "contain").paused_at is None
    assert "next update" not in client_of(officer_a).get(f"/incidents/{opened.uuid}/").content.decode()


def test_a_deadline_of_another_incident_is_none_of_this(
    opened: Incident, incident: Incident, responder: Person, client_of: Callable[[Person], Client]
) -> None:
    address = f"/incidents/{incident.uuid}/deadline/{of(opened, 'contain').uuid}/pause/"
    assert client_of(responder).post(address, {"reason": "x"}).status_code == 404


def test_those_of_another_part_show_to_nobody_else(
    two: Incident, responder: Person, department_b: Organisation, chart: Mapping[str, Person], officer_b: Person
) -> None:
    actions.add_organisation(actor=responder, incident=two, organisation=department_b)
    assert IncidentEntity.objects.filter(incident=two).count() == 2
    seen = queries.view_or_404(officer_b, two.uuid).deadlines()
    assert {each.kind for each in seen} == {"contain"}
    assert not queries.deadlines_of(officer_b).filter(kind="acknowledge").exists()
    assert "acknowledge" not in {each.kind for each in Deadline.objects.visible_to(officer_b)}


def test_what_an_organisation_owes_goes_with_its_part(
    two: Incident, clock: Clock, responder: Person, officer_a: Person, department_b: Organisation
) -> None:
    actions.add_organisation(actor=responder, incident=two, organisation=department_b)
    part = two.entities.get(organisation__code="DEPA")
    clock.at = NOW + HOUR
    actions.comment(actor=officer_a, incident=two, text="seen", entity=part)
    made = actions.split(actor=responder, incident=two, title="apart", chosen=actions.Chosen(parts=[part]))
    found = made.deadlines.get(kind="acknowledge")
    assert (found.person, found.took) == (officer_a, 3600)
    assert not two.deadlines.filter(kind="acknowledge").exists()
    assert not any(text.startswith("Deadline dropped – acknowledge") for text in said(two))


def test_a_merged_incident_owes_nothing_more(opened: Incident, incident: Incident, responder: Person) -> None:
    actions.merge(actor=responder, source=opened, target=incident)
    assert not opened.deadlines.filter(met_at=None, stopped_at=None).exists()
    assert fresh(opened).due_at is None
    assert fresh(incident).due_at is not None
