"""Nobody owns nothing: what stands still rises to whoever coordinates, once, until somebody takes it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone

from tocsin.platform.jobs import all_jobs, run_once
from tocsin.platform.leases import Holder
from tocsin.platform.models import AuditEntry, Lease
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.constituency.models import Organisation, Team
from tocsin.rooms.incidents import actions, knowledge, queries
from tocsin.rooms.incidents.knowledge import routes
from tocsin.rooms.incidents.models import HandOff, Incident, Rise


def fresh(person: Person) -> Person:
    return Person.objects.get(pk=person.pk)


def risen_to(person: Person) -> list[Rise]:
    return list(queries.risen_to(fresh(person)))


def pass_time(by: timedelta) -> None:
    """Let time pass for all that is watched and all that waits."""
    for rise in Rise.objects.filter(settled_at=None):
        Rise.objects.filter(pk=rise.pk).update(since=rise.since - by)
    for each in HandOff.objects.filter(state="offered"):
        HandOff.objects.filter(pk=each.pk).update(due_at=each.due_at - by)


@pytest.fixture
def request_to_block(incident: Incident, analyst: Person, network: Team) -> HandOff:
    return actions.hand_over(actor=fresh(analyst), incident=incident, route="H13", receiver=network)


def test_an_answer_that_is_overdue_rises_once(
    request_to_block: HandOff, ciso: Person, analyst: Person, operator: Person, network: Team
) -> None:
    assert actions.rise_due() == 0
    pass_time(timedelta(hours=1))
    assert actions.rise_due() == 1
    assert actions.rise_due() == 0
    [rise] = risen_to(ciso)
    request_to_block.refresh_from_db()
    assert (rise.reason, rise.team, rise.since) == ("unanswered", network, request_to_block.due_at)
    assert request_to_block.escalated_at is not None
    assert not risen_to(analyst)
    assert AuditEntry.objects.filter(verb="incident.rise").count() == 1
    said = [knowledge.said(entry) for entry in request_to_block.incident.timeline.all()]
    assert "This has risen: no answer in time." in said


def test_an_answer_settles_it(request_to_block: HandOff, ciso: Person, operator: Person) -> None:
    pass_time(timedelta(hours=1))
    actions.rise_due()
    actions.accept(actor=fresh(operator), hand_off=request_to_block)
    assert not risen_to(ciso)
    assert Rise.objects.get().settled_by == operator


def test_taking_back_settles_it_by_nobody(request_to_block: HandOff, ciso: Person, analyst: Person) -> None:
    pass_time(timedelta(hours=1))
    actions.rise_due()
    actions.withdraw(actor=fresh(analyst), hand_off=request_to_block)
    settled = Rise.objects.get()
    assert settled.settled_at is not None
    assert settled.settled_by is None


def test_refused_work_rises_until_it_goes_the_same_way_again(
    request_to_block: HandOff, ciso: Person, analyst: Person, operator: Person, network: Team
) -> None:
    actions.refuse(actor=fresh(operator), hand_off=request_to_block, reason="it carries the mail")
    assert actions.rise_due() == 1
    [rise] = risen_to(ciso)
    assert (rise.reason, rise.person, rise.team) == ("refused", operator, network)
    again = actions.hand_over(actor=fresh(analyst), incident=request_to_block.incident, route="H13", receiver=network)
    assert actions.rise_due() == 0
    assert not risen_to(ciso)
    actions.refuse(actor=fresh(operator), hand_off=again, reason="still not")
    assert actions.rise_due() == 1
    assert [each.hand_off for each in risen_to(ciso)] == [again]


def test_a_refused_incident_stays_with_its_owner_and_does_not_rise(
    incident: Incident, analyst: Person, responder: Person, ciso: Person, csirc: Team
) -> None:
    offered = actions.offer(actor=analyst, incident=incident, team=csirc)
    actions.refuse(actor=fresh(responder), hand_off=offered, reason="not ours")
    assert actions.rise_due() == 0
    Person.objects.filter(pk=analyst.pk).update(is_active=False)
    assert actions.rise_due() == 1
    assert [rise.reason for rise in risen_to(ciso)] == ["refused"]


def test_what_is_refused_in_a_closed_incident_is_nobodys_business(
    request_to_block: HandOff, operator: Person, ciso: Person
) -> None:
    actions.refuse(actor=fresh(operator), hand_off=request_to_block, reason="no")
    Incident.objects.update(open=False, state="rejected")
    assert actions.rise_due() == 0


def test_an_incident_nobody_owns_rises_after_the_time_the_data_gives(
    incident: Incident, analyst: Person, ciso: Person
) -> None:
    Incident.objects.update(owner=None)
    assert actions.rise_due() == 0
    assert not risen_to(ciso)
    limit = routes.known().rise.without_owner
    pass_time(limit - timedelta(minutes=1))
    assert actions.rise_due() == 0
    pass_time(timedelta(minutes=2))
    assert actions.rise_due() == 1
    assert actions.rise_due() == 0
    [rise] = risen_to(ciso)
    assert (rise.reason, rise.person, rise.incident) == ("no_owner", analyst, incident)


def test_an_owner_whose_account_is_ended_owns_nothing(incident: Incident, analyst: Person, ciso: Person) -> None:
    Person.objects.filter(pk=analyst.pk).update(is_active=False)
    actions.rise_due()
    pass_time(timedelta(days=1))
    assert actions.rise_due() == 1
    assert [rise.person for rise in risen_to(ciso)] == [fresh(analyst)]


def test_an_incident_without_a_team_rises_later(incident: Incident, ciso: Person) -> None:
    Incident.objects.update(owner_team=None)
    actions.rise_due()
    pass_time(timedelta(hours=1))
    assert actions.rise_due() == 0
    pass_time(routes.known().rise.without_team)
    assert actions.rise_due() == 1
    assert [rise.reason for rise in risen_to(ciso)] == ["no_team"]


def test_what_finds_an_owner_in_time_was_never_risen(incident: Incident, responder: Person, ciso: Person) -> None:
    Incident.objects.update(owner=None)
    actions.rise_due()
    Incident.objects.update(owner=responder)
    pass_time(timedelta(days=1))
    assert actions.rise_due() == 0
    assert not Rise.objects.exists()


def test_whoever_takes_the_incident_settles_it(incident: Incident, responder: Person, ciso: Person) -> None:
    Incident.objects.update(owner=None)
    actions.rise_due()
    pass_time(timedelta(days=1))
    actions.rise_due()
    actions.take(actor=fresh(responder), incident=incident)
    assert not risen_to(ciso)
    assert Rise.objects.get().settled_by == responder


def test_who_takes_it_up_owns_it(incident: Incident, ciso: Person, responder: Person, analyst: Person) -> None:
    Incident.objects.update(owner=None)
    actions.rise_due()
    pass_time(timedelta(days=1))
    actions.rise_due()
    [rise] = risen_to(ciso)
    with pytest.raises(PermissionDenied):
        actions.take_up(actor=fresh(analyst), rise=rise)
    actions.take_up(actor=fresh(ciso), rise=rise, text="I call them")
    assert Incident.objects.get().owner == ciso
    with pytest.raises(ValidationError, match="Ciso has taken this already"):
        actions.take_up(actor=fresh(responder), rise=rise)
    assert not risen_to(ciso)
    Incident.objects.update(owner=None)
    actions.rise_due()
    pass_time(timedelta(days=1))
    assert actions.rise_due() == 1, "it may rise again"


def test_a_hand_off_that_was_taken_up_does_not_rise_again(request_to_block: HandOff, ciso: Person) -> None:
    pass_time(timedelta(hours=1))
    actions.rise_due()
    actions.take_up(actor=fresh(ciso), rise=risen_to(ciso)[0], text="the router is replaced anyway")
    assert actions.rise_due() == 0
    assert HandOff.objects.get().state == "offered"


def test_nobody_outside_sees_what_rose(
    request_to_block: HandOff, officer_a: Person, officer_b: Person, outsider: Person, admin: Person
) -> None:
    pass_time(timedelta(hours=1))
    actions.rise_due()
    for person in (officer_a, officer_b, outsider, admin):
        assert not Rise.objects.visible_to(fresh(person)).exists()


def test_a_sealed_incident_rises_to_those_named_only(
    incident: Incident, responder: Person, ciso: Person, analyst: Person
) -> None:
    actions.seal(actor=responder, incident=incident, people=[])
    Incident.objects.update(owner=None)
    actions.rise_due()
    pass_time(timedelta(days=1))
    actions.rise_due()
    rise = Rise.objects.get()
    assert not Rise.objects.visible_to(fresh(ciso)).exists()
    assert list(Rise.objects.visible_to(fresh(responder))) == [rise]
    with pytest.raises(PermissionDenied):
        actions.take_up(actor=fresh(ciso), rise=rise)


def test_it_runs_by_itself_under_a_lease(request_to_block: HandOff, ciso: Person) -> None:
    pass_time(timedelta(hours=1))
    [job] = [job for job in all_jobs() if job.name == "incidents.rise"]
    first, second = Holder(), Holder()
    assert run_once(job, first)
    assert not run_once(job, second)
    assert Lease.objects.get(name="incidents.rise").last_error == ""
    assert len(risen_to(ciso)) == 1


def test_many_rise_in_one_run(incident: Incident, analyst: Person, network: Team, ciso: Person) -> None:
    HandOff.objects.bulk_create(
        HandOff(
            incident=incident, to_team=network, sent_by=analyst, moves=False, route="H13",
            due_at=timezone.now() - timedelta(minutes=1),
        )
        for _ in range(450)
    )  # fmt: skip
    assert actions.rise_due() == 450
    assert actions.rise_due() == 0


def test_a_hand_off_rises_where_its_incident_was_merged_into(
    request_to_block: HandOff, analyst: Person, responder: Person, department_a: Organisation, ciso: Person
) -> None:
    pass_time(timedelta(hours=1))
    actions.rise_due()
    target = actions.open_incident(actor=analyst, title="the other", organisations=[department_a])
    actions.merge(actor=fresh(responder), source=request_to_block.incident, target=target)
    actions.rise_due()
    [rise] = risen_to(ciso)
    request_to_block.refresh_from_db()
    assert rise.incident == request_to_block.incident == target


def test_a_request_outlives_the_incident_and_its_offer_does_not(
    request_to_block: HandOff, analyst: Person, responder: Person, csirc: Team
) -> None:
    incident = request_to_block.incident
    actions.offer(actor=fresh(analyst), incident=incident, team=csirc)
    ends = [end.text for end in queries.open_ends(queries.view_or_404(fresh(responder), incident.uuid))]
    assert "request to block: Offered to Team NOC, which has not answered" in ends
    actions.advance(actor=fresh(responder), incident=incident, event="acknowledge")
    actions.change(actor=fresh(responder), incident=incident, rsit_class="intrusions", rsit_type="system-compromise")
    actions.advance(actor=fresh(responder), incident=incident, event="classify")
    actions.close(actor=fresh(responder), incident=incident, cause="c", impact="i", lesson="we block sooner",
                  confidentiality="none", integrity="none", availability="none", anyway=True)  # fmt: skip
    assert {each.moves: each.state for each in HandOff.objects.all()} == {True: "withdrawn", False: "offered"}
