"""Two at once: a due date has one writer at a time, and nobody is warned twice."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError

from tests.rooms.incidents.test_races import at_once
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.constituency.models import Organisation
from tocsin.rooms.incidents import actions
from tocsin.rooms.incidents.actions.reckon import due_after
from tocsin.rooms.incidents.models import Deadline, Incident

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgresql]


@pytest.fixture
def opened(chart: Mapping[str, Person]) -> Incident:
    place = Organisation.objects.get(code="DEPA")
    return actions.open_incident(actor=chart["analyst"], title="t", organisations=[place], severity=2)


def test_due_dates_are_those_of_the_severity_that_stays(chart: Mapping[str, Person], opened: Incident) -> None:
    who = chart["responder"]
    for _ in range(5):
        at_once(
            lambda: actions.change(actor=who, incident=opened, severity=5),
            lambda: actions.change(actor=who, incident=opened, severity=3),
            lambda: actions.comment(actor=who, incident=opened, text="x", audience="all"),
            actions.keep_levels,
        )
        now = Incident.objects.get()
        for deadline in now.deadlines.all():
            assert deadline.severity == now.severity
            assert deadline.due_at == due_after(deadline)
        assert now.next_due_at == min(now.deadlines.values_list("due_at", flat=True))
    assert opened.deadlines.count() == 4


def test_two_workers_warn_once(opened: Incident) -> None:
    begun = opened.created_at - timedelta(days=40)
    Incident.objects.update(created_at=begun)
    Deadline.objects.update(started_at=begun, warn_at=begun, due_at=begun)
    at_once(actions.keep_levels, actions.keep_levels, actions.keep_levels)
    late = opened.timeline.filter(event="deadline_late").values_list("details__promise", flat=True)
    assert sorted(late) == ["acknowledge", "contain", "recover", "update"]


def test_a_deadline_is_paused_once(chart: Mapping[str, Person], opened: Incident) -> None:
    contain = opened.deadlines.get(kind="contain")
    outcomes = at_once(
        lambda: actions.pause(actor=chart["responder"], deadline=contain, reason="one"),
        lambda: actions.pause(actor=chart["ciso"], deadline=contain, reason="two"),
    )
    assert {type(one) for one in outcomes} == {Deadline, ValidationError}
