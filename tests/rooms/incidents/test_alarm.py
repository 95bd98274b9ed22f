"""Whoever answers for a deadline is warned before it is late, once; what strayed is mended."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from tests.rooms.incidents.policies import NOW, Clock
from tocsin.platform.jobs import all_jobs
from tocsin.platform.models import AuditEntry
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.constituency.models import Membership, Organisation, Team
from tocsin.rooms.desk import queries as desk
from tocsin.rooms.incidents import actions, knowledge, queries
from tocsin.rooms.incidents.models import NO_DUE, Deadline, Incident
from tocsin.rooms.notices import actions as notices
from tocsin.rooms.notices.queries import plan

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


@pytest.fixture
def opened(clock: Clock, analyst: Person, department_a: Organisation) -> Incident:
    return clock.begin(actions.open_incident(actor=analyst, title="t", organisations=[department_a], severity=4))


def fresh(incident: Incident) -> Incident:
    return Incident.objects.get(pk=incident.pk)


def alarms(incident: Incident) -> list[str]:
    found = incident.timeline.filter(event__in=("deadline_near", "deadline_late")).order_by("id")
    return [knowledge.said(entry) for entry in found]


def test_the_worker_does_it() -> None:
    assert "incidents.levels" in {job.name for job in all_jobs()}


def test_it_warns_once_before_and_tells_once_when_it_is_late(opened: Incident, clock: Clock) -> None:
    clock.at = NOW + 20 * MINUTE
    actions.keep_levels()
    assert alarms(opened) == []
    for minutes in (23, 24, 29):
        clock.at = NOW + minutes * MINUTE
        actions.keep_levels()
    assert alarms(opened) == ["Deadline near – acknowledge: due 2026-11-27 10:30Z"]
    assert not fresh(opened).breached
    for minutes in (31, 40):
        clock.at = NOW + minutes * MINUTE
        actions.keep_levels()
    assert alarms(opened)[1:] == ["Deadline missed – acknowledge: was due 2026-11-27 10:30Z"]
    assert fresh(opened).breached
    assert AuditEntry.objects.filter(verb="incident.deadline_late", object_uuid=opened.uuid).count() == 1


def test_after_a_long_silence_it_only_says_what_is_late(opened: Incident, clock: Clock) -> None:
    clock.at = NOW + 5 * HOUR
    actions.keep_levels()
    assert [text.partition(" – ")[0] for text in alarms(opened)] == ["Deadline missed", "Deadline missed"]


def test_it_comes_to_the_owners_desk_and_once_late_to_the_cisos(
    opened: Incident, clock: Clock, analyst: Person, ciso: Person, responder: Person, officer_a: Person
) -> None:
    assert not desk.my_deadlines(analyst)
    clock.at = NOW + 25 * MINUTE
    actions.keep_levels()
    assert [each.kind for each in desk.my_deadlines(analyst).rows] == ["acknowledge"]
    assert not desk.late_deadlines(ciso)
    clock.at = NOW + HOUR
    actions.keep_levels()
    assert [each.kind for each in desk.late_deadlines(ciso).rows] == ["acknowledge"]
    for person in (responder, officer_a):
        assert not desk.my_deadlines(person)
        assert not desk.late_deadlines(person)


def test_a_responder_sees_what_their_team_owes_beside_their_own(
    opened: Incident, clock: Clock, analyst: Person, responder: Person, csirc: Team
) -> None:
    Incident.objects.filter(pk=opened.pk).update(owner_team=csirc)
    actions.keep_levels()
    assert not desk.my_incidents(responder)
    clock.at = NOW + 25 * MINUTE
    assert list(desk.my_incidents(responder).rows) == [opened]


def test_what_is_sealed_comes_to_nobody_elses_desk(
    opened: Incident, clock: Clock, responder: Person, ciso: Person, analyst: Person
) -> None:
    actions.seal(actor=responder, incident=opened, people=[])
    clock.at = NOW + HOUR
    actions.keep_levels()
    assert not desk.late_deadlines(ciso)
    assert not desk.my_deadlines(analyst)  # who answers for it, and may not know of it any more
    assert not queries.times(ciso, queries.Period.of(None, None))


def test_a_new_holder_of_the_office_is_warned(
    opened: Incident, clock: Clock, analyst: Person, responder: Person
) -> None:
    Incident.objects.filter(pk=opened.pk).update(owner=responder)
    clock.at = NOW + 6 * HOUR
    actions.keep_levels()
    assert opened.deadlines.get(kind="contain").person == responder


@pytest.mark.parametrize(
    ("stray", "holds"),
    [
        ({"severity": 5}, lambda i: i.deadlines.get(kind="contain").due_at == NOW + 4 * HOUR),
        ({"state": "triage"}, lambda i: i.deadlines.get(kind="acknowledge").met_at is not None),
        ({"state": "merged", "open": False}, lambda i: i.next_due_at == NO_DUE),
    ],
)
def test_what_strays_is_mended(opened: Incident, stray: dict[str, object], holds: Callable[[Incident], bool]) -> None:
    Incident.objects.filter(pk=opened.pk).update(**stray)
    assert not holds(fresh(opened))
    actions.keep_levels()
    assert holds(fresh(opened))


def test_incidents_from_before_get_their_deadlines(analyst: Person, clock: Clock) -> None:
    old = Incident.objects.create(title="old", opened_by=analyst, severity=2)
    ended = Incident.objects.create(title="ended", opened_by=analyst, open=False, state="closed")
    actions.keep_levels()
    assert {each.kind for each in old.deadlines.all()} == set(Deadline.Kind.values)
    assert not ended.deadlines.exists()


def test_it_changes_nothing_the_second_time(opened: Incident, clock: Clock) -> None:
    clock.at = NOW + 5 * HOUR
    actions.keep_levels()
    before = [list(Deadline.objects.order_by("pk").values()), Incident.objects.values().get(), opened.timeline.count()]
    actions.keep_levels()
    after = [list(Deadline.objects.order_by("pk").values()), Incident.objects.values().get(), opened.timeline.count()]
    assert before == after


def test_a_notice_about_it_is_an_update(opened: Incident, clock: Clock, responder: Person) -> None:
    clock.at = NOW + HOUR
    told = notices.draft(
        actor=responder, title="x", kind="incident", severity=3, tlp="AMBER", facts={"DEPA": ()},
        matter=queries.matter_of(opened),
    )  # fmt: skip
    notices.send(actor=responder, notice=told, seen=plan(told.editions.get()).digest)
    actions.keep_levels()
    assert opened.deadlines.get(kind="update").started_at == clock.at
    clock.at = NOW + 2 * HOUR
    actions.keep_levels()
    assert opened.deadlines.get(kind="update").started_at == NOW + HOUR


def test_the_desk_shows_it(
    opened: Incident, clock: Clock, analyst: Person, ciso: Person, client_of: Callable[[Person], Client]
) -> None:
    late = timezone.now() - HOUR
    opened.deadlines.filter(kind="acknowledge").update(due_at=late, warn_at=late, breached_at=late)
    for person, title in ((analyst, "Late, or due soon"), (ciso, "Deadlines that were missed")):
        page = client_of(person).get("/").content.decode()
        assert title in page
        assert "1 h late" in page


def test_an_ended_membership_takes_it_off_the_desk(opened: Incident, clock: Clock, analyst: Person) -> None:
    clock.at = NOW + HOUR
    Membership.objects.filter(person=analyst).delete()
    assert not desk.my_deadlines(Person.objects.get(pk=analyst.pk))
