"""Two at once: one page, one answer, one step, one deputy; on a database where writers do not queue by themselves."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import time, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from tests.rooms.incidents.test_races import at_once
from tests.rooms.rota.conftest import called, later
from tocsin.platform.models import OutboxMessage
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.constituency.models import Membership, Organisation, Team
from tocsin.rooms.incidents import actions as incidents
from tocsin.rooms.incidents.queries import matter_of
from tocsin.rooms.rota import actions
from tocsin.rooms.rota.models import Page, Shift

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.postgresql,  # SQLite lets one writer in at a time
]


def kinds(outcomes: list[Any]) -> list[str]:
    return sorted(type(each).__name__ for each in outcomes)


@pytest.fixture
def page(roster: None, csirc: Team, analyst: Person) -> Page:
    return actions.page(team=csirc, reason="Burns", matter=None, severity=3, actor=analyst)


def test_two_who_page_about_one_incident_page_once(roster: None, csirc: Team, responder: Person) -> None:
    opened = incidents.open_incident(actor=responder, title="t", organisations=[Organisation.objects.get(code="DEPA")])
    given: dict[str, Any] = {
        "team": csirc,
        "reason": "Burns",
        "matter": matter_of(opened),
        "severity": 3,
        "actor": responder,
    }
    outcomes = at_once(*[lambda: actions.page(**given)] * 3)
    assert kinds(outcomes) == ["Page", "ValidationError", "ValidationError"]
    assert OutboxMessage.objects.count() == 2


def test_one_of_two_takes_it(page: Page, crew: Mapping[str, Person]) -> None:
    outcomes = at_once(
        lambda: actions.acknowledge(actor=crew["responder"], page=page),
        lambda: actions.acknowledge(actor=crew["second"], page=page),
        lambda: actions.acknowledge(actor=crew["lead"], page=page),
    )
    assert kinds(outcomes) == ["Page", "ValidationError", "ValidationError"]


def test_two_workers_take_one_step(page: Page) -> None:
    later(page, 10)
    outcomes = at_once(*[actions.escalate] * 3)
    assert sorted(outcomes) == [0, 0, 1]
    assert called(page) == [(1, "responder", "sms"), (1, "responder", "mail"), (2, "responder", "telephone")]


def test_whoever_takes_it_while_it_climbs_ends_it(page: Page, responder: Person) -> None:
    for _round in range(3):
        later(page, 60)
        outcomes = at_once(actions.escalate, lambda: actions.acknowledge(actor=responder, page=page))
        assert not [each for each in outcomes if isinstance(each, Exception)]
        page.refresh_from_db()
        assert (page.state, page.next_step_at) == (Page.State.ACKNOWLEDGED, None)
        assert not OutboxMessage.objects.filter(state="queued").exists()
        Page.objects.update(state="open", next_step_at=timezone.now(), step=1)


def test_sealing_while_it_climbs_calls_nobody_who_is_not_named(
    roster: None, csirc: Team, responder: Person, crew: Mapping[str, Person]
) -> None:
    opened = incidents.open_incident(actor=responder, title="t", organisations=[Organisation.objects.get(code="DEPA")])
    page = incidents.page_team(actor=responder, incident=opened, team=csirc, reason="Burns")
    later(page, 20)
    Page.objects.update(step=2)
    outcomes = at_once(actions.escalate, lambda: incidents.seal(actor=responder, incident=opened, people=[]))
    assert not [each for each in outcomes if isinstance(each, Exception)]
    waiting = OutboxMessage.objects.filter(state="queued").values_list("recipient", flat=True)
    assert set(waiting) <= {"responder@tocsin.example", "+3222956001"}


def test_two_who_change_a_roster_leave_one_on_duty(crew: Mapping[str, Person], csirc: Team) -> None:
    given: dict[str, Any] = {"name": "First", "line": 1, "team": csirc, "handover_at": time(0)}
    given |= {"starts_on": timezone.now().date() - timedelta(days=7)}
    layer = actions.save_layer(actor=crew["lead"], people=[crew["lead"]], **given)
    outcomes = at_once(
        lambda: actions.save_layer(actor=crew["lead"], layer=layer, people=[crew["second"]], **given),
        lambda: actions.save_layer(actor=crew["second"], layer=layer, people=[crew["responder"]], **given),
        actions.plan_ahead,
    )
    assert not [each for each in outcomes if isinstance(each, Exception)]
    now = timezone.now()
    assert Shift.objects.filter(starts_at__lte=now, ends_at__gt=now).count() == 1


def test_the_first_two_layers_of_a_team_are_added_at_once(crew: Mapping[str, Person], csirc: Team) -> None:
    given: dict[str, Any] = {"team": csirc, "handover_at": time(0), "starts_on": timezone.now().date()}
    outcomes = at_once(
        *(
            lambda n=n: actions.save_layer(actor=crew["lead"], people=[crew["lead"]], name=f"l{n}", line=n, **given)
            for n in (1, 2, 3)
        )
    )
    assert kinds(outcomes) == ["Layer"] * 3


def test_two_name_one_deputy(chart: Mapping[str, Person]) -> None:
    place, officer, deputy = Organisation.objects.get(code="DEPA"), chart["officer_a"], chart["outsider"]
    today = place.day_at(timezone.now())
    outcomes = at_once(
        *[
            lambda: actions.name_deputy(
                actor=officer, officer=officer, deputy=deputy, organisation=place, first_day=today, last_day=today
            )
        ]
        * 3
    )
    assert kinds(outcomes) == ["Membership", "ValidationError", "ValidationError"]
    assert Membership.objects.filter(role="deputy").count() == 1


def test_two_workers_announce_one_end(chart: Mapping[str, Person]) -> None:
    team, home, today = Team.objects.get(code="CSIRC"), Organisation.objects.get(code="OTHER"), timezone.now().date()
    actions.second(
        actor=chart["admin"], person=chart["outsider"], team=team, role="responder", home=home,
        first_day=today, last_day=today + timedelta(days=3),
    )  # fmt: skip
    OutboxMessage.objects.all().delete()
    at_once(*[actions.follow_terms] * 3)
    assert OutboxMessage.objects.filter(recipient="outsider@tocsin.example").count() == 1
    Membership.objects.filter(for_a_time=True).update(valid_to=timezone.now())
    assert sum(at_once(*[actions.follow_terms] * 3)) == 1


def test_a_layer_removed_meanwhile_is_said(crew: Mapping[str, Person], csirc: Team) -> None:
    layer = actions.save_layer(
        actor=crew["lead"], people=[crew["lead"]], name="l", line=1, team=csirc, handover_at=time(0),
        starts_on=timezone.now().date(),
    )  # fmt: skip
    outcomes = at_once(*[lambda: actions.remove_layer(actor=crew["lead"], layer=layer)] * 2)
    assert kinds(outcomes) == ["NoneType", "ValidationError"]
    assert isinstance(next(each for each in outcomes if each is not None), ValidationError)
