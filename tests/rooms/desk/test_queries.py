"""What waits for a person is theirs to see, in the order of need, and each kind is one query."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from tests.rooms.desk.conftest import Make, organisation
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.constituency.models import Contact, Membership
from tocsin.rooms.desk import queries
from tocsin.rooms.incidents import actions as incident_actions
from tocsin.rooms.incidents.models import Task
from tocsin.rooms.intake.models import Receipt, Source

pytestmark = pytest.mark.django_db


def shown(figures: Any) -> list[str]:
    return [figure.shown for figure in figures]


def test_open_alerts_are_counted_by_level_the_most_serious_first(analyst: Person, make_alert: Make) -> None:
    for level in (4, 3, 3, 0):
        make_alert(level=level)
    make_alert(level=4, open=False, state="closed_benign")
    assert shown(queries.alert_levels(analyst)) == ["1", "2", "0", "0", "1"]


def test_alerts_of_others_are_not_counted(officer_a: Person, make_alert: Make) -> None:
    make_alert("DEPB", 4)
    make_alert(None, 4)
    make_alert("DEPA", 4)
    assert shown(queries.alert_levels(officer_a))[0] == "1"


def test_counting_stops_and_says_so(analyst: Person, make_alert: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tocsin.rooms.desk.queries.figures.COUNT_LIMIT", 3)
    for level in (4, 3, 3, 2, 1):
        make_alert(level=level)
    assert shown(queries.alert_levels(analyst)) == ["1", "2", "0+", "…", "…"]


def test_the_queue_begins_with_the_most_serious_alert_nobody_took(
    analyst: Person, responder: Person, make_alert: Make
) -> None:
    low, high = make_alert(level=1), make_alert(level=4)
    make_alert(level=4, assignee=responder)
    make_alert("OTHER", 4)
    assert list(queries.alerts_to_triage(analyst).rows) == [high, low]


def test_what_one_took_is_ones_own(analyst: Person, make_alert: Make) -> None:
    mine = make_alert(assignee=analyst, state="triage")
    make_alert(assignee=analyst, state="closed_benign", open=False)
    assert list(queries.my_alerts(analyst).rows) == [mine]


def test_incidents_are_counted_by_severity(ciso: Person, make_incident: Make) -> None:
    make_incident(severity=5)
    make_incident(severity=2)
    make_incident("OTHER", severity=5, sealed=True)
    assert shown(queries.incident_severities(ciso)) == ["1", "0", "0", "1", "0", "0"]


def test_a_sealed_incident_waits_for_nobody_who_is_not_named(
    ciso: Person, make_incident: Make, make_offer: Make
) -> None:
    sealed = make_incident(sealed=True)
    make_offer(sealed, due_at=timezone.now() - timedelta(days=1))
    Task.objects.create(incident=sealed, title="secret", assignee=ciso)
    incident_actions.rise_due()
    assert not queries.unowned_incidents(ciso)
    assert not queries.risen(ciso)
    assert not queries.tasks(ciso)
    assert set(shown(queries.incident_severities(ciso))) == {"0"}


def test_a_hand_off_waits_for_whom_it_was_handed_to(responder: Person, analyst: Person, make_offer: Make) -> None:
    offer = make_offer()
    assert list(queries.hand_offs(responder).rows) == [offer]
    assert not queries.hand_offs(analyst)


def test_what_waits_longest_for_an_answer_stands_on_top_and_rises(
    ciso: Person, responder: Person, make_offer: Make
) -> None:
    now = timezone.now()
    make_offer(due_at=now + timedelta(hours=1))
    late = make_offer(due_at=now - timedelta(minutes=1))
    later = make_offer(due_at=now - timedelta(hours=5))
    assert [each.pk for each in queries.hand_offs(responder).rows][:2] == [later.pk, late.pk]
    assert not queries.risen(ciso)
    incident_actions.rise_due()
    assert [rise.hand_off for rise in queries.risen(ciso).rows] == [later, late]
    assert not queries.risen(responder)


def test_tasks_come_by_date_and_those_of_ones_organisation_count(
    officer_a: Person, officer_b: Person, make_incident: Make
) -> None:
    incident = make_incident("DEPA")
    part = incident.entities.get()
    soon = timezone.now() + timedelta(hours=2)
    undated = Task.objects.create(incident=incident, entity=part, title="b")
    dated = Task.objects.create(incident=incident, entity=part, title="a", due_at=soon)
    Task.objects.create(incident=incident, entity=part, title="c", state="done")
    assert list(queries.tasks(officer_a).rows) == [dated, undated]
    assert not queries.tasks(officer_b)


def test_an_officer_sees_the_incidents_of_their_own_organisation(
    officer_a: Person, officer_b: Person, make_incident: Make
) -> None:
    incident = make_incident("DEPA")
    make_incident("DEPA", open=False, state="closed", closed_at=timezone.now())
    assert list(queries.own_part_incidents(officer_a).rows) == [incident]
    assert not queries.own_part_incidents(officer_b)


def test_an_organisation_without_an_officer_is_missed(ciso: Person) -> None:
    Membership.objects.filter(role="officer", organisation__code="DEPB").delete()
    codes = [row.code for row in queries.missing_officers(ciso).rows]
    assert "DEPB" in codes
    assert "DEPA" not in codes


def test_a_contact_waits_to_be_confirmed_after_three_months(officer_a: Person) -> None:
    now, place = timezone.now(), organisation("DEPA")
    Contact.objects.create(organisation=place, role="head", name="fresh", confirmed_at=now)
    old = Contact.objects.create(organisation=place, role="head", name="old", confirmed_at=now - timedelta(days=100))
    never = Contact.objects.create(organisation=place, role="head", name="never", created_at=now - timedelta(days=100))
    Contact.objects.create(organisation=place, role="head", name="new")
    Contact.objects.create(organisation=organisation("DEPB"), role="head", name="other")
    assert list(queries.contacts_to_confirm(officer_a).rows) == [never, old]


def test_rejected_records_and_silent_sources_wait_for_who_runs_the_house(admin: Person) -> None:
    talking = Source.objects.create(name="talking", last_received_at=timezone.now())
    silent = Source.objects.create(name="silent", last_received_at=timezone.now() - timedelta(days=2))
    Source.objects.create(name="retired", active=False)
    bad = Receipt.objects.create(source=talking, name="a", digest="a", records=3, events=1, rejected=2)
    Receipt.objects.create(source=talking, name="b", digest="b", records=1, events=1)
    assert list(queries.rejected_records(admin).rows) == [bad]
    assert list(queries.silent_sources(admin).rows) == [silent]


def test_a_section_shows_eight_and_says_that_there_are_more(analyst: Person, make_alert: Make) -> None:
    for _ in range(9):
        make_alert()
    waiting = queries.alerts_to_triage(analyst)
    assert (len(waiting.rows), waiting.more) == (8, True)


@pytest.mark.parametrize(
    "read",
    [
        queries.alert_levels,
        queries.incident_severities,
        queries.alerts_to_triage,
        queries.my_alerts,
        queries.my_incidents,
        queries.my_deadlines,
        queries.late_deadlines,
        queries.hand_offs,
        queries.tasks,
        queries.unowned_incidents,
        queries.own_part_incidents,
        queries.risen,
        queries.missing_officers,
        queries.contacts_to_confirm,
        queries.rejected_records,
        queries.silent_sources,
        queries.constituency_figures,
    ],
)
def test_each_kind_is_one_query_at_most(
    chart: Mapping[str, Person], read: Callable[[Any], Any], django_assert_max_num_queries: Callable[..., Any]
) -> None:
    from tocsin.platform.access import scope_of

    scope_of(chart["ciso"])
    with django_assert_max_num_queries(1):
        read(chart["ciso"])
