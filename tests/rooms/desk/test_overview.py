"""The overview: every number is the number of rows behind its link, and nobody learns more from it than from lists."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from tests.rooms.desk.conftest import Make, organisation
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.constituency.models import Contact, Membership, Organisation, Team
from tocsin.rooms.desk import queries
from tocsin.rooms.incidents import actions
from tocsin.rooms.incidents.models import IncidentEntity, Seal, Task
from tocsin.rooms.notices.models import Edition, Notice, Part

pytestmark = pytest.mark.django_db
ClientOf = Callable[[Person], Client]
ROW = re.compile(rb'class="row-link"')
LINK = re.compile(r'<a href="([^"]+\?[^"]+)"[^>]*>(?:<b>)?(\d+)(?:</b>.*?)?</a>')
HOUR = timedelta(hours=1)


def place_of(person: Person, code: str) -> Any:
    return next(one for one in queries.overview(person).places.rows if one.organisation.code == code)


def load_of(person: Person, code: str) -> Any:
    teams = queries.overview(person).teams
    assert teams is not None
    return next(load for load in teams.rows if load.team.code == code)


@pytest.fixture
def busy(chart: Mapping[str, Person], make_incident: Make, make_offer: Make) -> Mapping[str, Person]:
    """Let there be something of everything: open, late, unowned, handed over and not answered, tasks, old contacts."""
    csirc, now = Team.objects.get(code="CSIRC"), timezone.now()
    make_incident("DEPA", severity=5, owner_team=csirc, next_due_at=now - HOUR)
    make_incident("DEPA", severity=5, owner_team=csirc, owner=chart["responder"])
    make_incident("DEPB", severity=1)
    make_incident("DEPB", severity=1, open=False)
    both = make_incident("DEPA", severity=3, owner_team=csirc)
    part = IncidentEntity.objects.create(incident=both, organisation=organisation("DEPB"))
    Task.objects.create(incident=both, entity=part, title="late", due_at=now - HOUR)
    Task.objects.create(incident=both, entity=part, title="later", due_at=now + HOUR)
    Task.objects.create(incident=both, entity=part, title="done", due_at=now - HOUR, state="done")
    make_offer(due_at=now - HOUR, route="H13")
    make_offer(due_at=now + HOUR, route="H13")
    old = now - timedelta(days=100)
    for code, confirmed in (("DEPA", now), ("DEPA", old), ("DEPB", now)):
        Contact.objects.create(
            organisation=organisation(code), role="duty", name=f"{code} {confirmed}", phone="1", confirmed_at=confirmed
        )
    return chart


def test_each_organisation_has_its_own_numbers(busy: Mapping[str, Person]) -> None:
    first, second = place_of(busy["ciso"], "DEPA"), place_of(busy["ciso"], "DEPB")
    assert [cell.number for cell in first.severities] == [2, 0, 1, 2, 0, 0]
    assert [cell.number for cell in second.severities] == [0, 0, 1, 0, 1, 0]
    assert (first.late, first.tasks, second.late, second.tasks) == (1, 0, 0, 1)
    assert (first.fresh, first.contacts, second.fresh, second.contacts) == (1, 2, 1, 1)


def test_the_worst_organisation_stands_on_top(busy: Mapping[str, Person]) -> None:
    codes = [one.organisation.code for one in queries.overview(busy["ciso"]).places.rows]
    assert codes[:2] == ["DEPA", "DEPB"]


def test_a_team_has_what_is_on_its_hands(busy: Mapping[str, Person]) -> None:
    load = load_of(busy["ciso"], "CSIRC")
    assert [cell.number for cell in load.cells] == [3, 2, 1, 2, 1]
    assert load.team.people == 1
    assert load.each == 3.0


def test_hand_offs_that_nobody_answered_stand_by_what_they_are(busy: Mapping[str, Person]) -> None:
    (stuck,) = queries.overview(busy["ciso"]).stuck
    assert stuck.route.id == "H13"
    assert stuck.cell.number == 1


def test_every_number_leads_to_as_many_rows(busy: Mapping[str, Person], client_of: ClientOf) -> None:
    client = client_of(busy["ciso"])
    content = client.get("/overview/").content.decode()
    links = [(unescape(url), int(number)) for url, number in LINK.findall(content)]
    assert len(links) > 30
    assert sum(number > 0 for _url, number in links) > 10
    for url, number in links:
        answer = client.get(url)
        assert answer.status_code == 200, url
        assert len(ROW.findall(answer.content)) == number, url


def test_an_organisation_without_an_officer_says_so(busy: Mapping[str, Person]) -> None:
    Organisation.objects.filter(code__in=["DEPA", "DEPB"]).update(needs_officer=True)
    Membership.objects.filter(organisation__code="DEPB", role="officer").delete()
    assert not place_of(busy["ciso"], "DEPA").lacking
    assert place_of(busy["ciso"], "DEPB").lacking


def test_notices_that_were_not_answered_in_time_are_counted(busy: Mapping[str, Person], client_of: ClientOf) -> None:
    notice = Notice.objects.create(title="n", kind="incident", severity=3, tlp="AMBER", due_hours=24)
    edition = Edition.objects.create(notice=notice, number=1, created_by=busy["analyst"])
    for code, overdue in (("DEPA", True), ("DEPB", False)):
        Part.objects.create(
            notice=notice, organisation=organisation(code), edition=edition, state="told", overdue=overdue
        )
    place = place_of(busy["ciso"], "DEPA")
    assert (place.notices, place_of(busy["ciso"], "DEPB").notices) == (1, 0)
    assert len(ROW.findall(client_of(busy["ciso"]).get(place.notices_cell.url).content)) == 1


def test_a_sealed_incident_is_in_no_number(busy: Mapping[str, Person], make_incident: Make) -> None:
    before = place_of(busy["ciso"], "DEPA").severities, load_of(busy["ciso"], "CSIRC").cells
    sealed = make_incident("DEPA", severity=4, owner_team=Team.objects.get(code="CSIRC"), sealed=True)
    assert (place_of(busy["ciso"], "DEPA").severities, load_of(busy["ciso"], "CSIRC").cells) == before
    Seal.objects.create(incident=sealed, person=busy["ciso"], named_by=busy["analyst"])
    assert place_of(busy["ciso"], "DEPA").severities[1].number == 1


def test_who_only_oversees_sees_who_can_be_reached_and_no_incident(
    busy: Mapping[str, Person], client_of: ClientOf
) -> None:
    board = busy["outsider"]
    Membership.objects.create(person=board, role="board_member", organisation=organisation("INST"))
    found = queries.overview(board)
    assert (found.teams, list(found.stuck)) == (None, [])
    content = client_of(board).get("/overview/").content.decode()
    assert "DEPA" in content
    assert "OTHER" not in content
    assert "/incidents/?" not in content
    assert sum(place.open.total() for place in found.places.rows) == 0


@pytest.mark.parametrize("who", ["analyst", "responder", "officer_a", "outsider"])
def test_it_is_not_for_everybody(chart: Mapping[str, Person], client_of: ClientOf, who: str) -> None:
    assert client_of(chart[who]).get("/overview/").status_code == 403


def test_it_stays_a_page_with_very_many_organisations(
    chart: Mapping[str, Person], client_of: ClientOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tocsin.rooms.desk.queries.standing.SHOWN", 2)
    content = client_of(chart["ciso"]).get("/overview/").content.decode()
    assert "and 1 more" in content


def test_a_task_is_on_the_list_of_whoever_reads_it(busy: Mapping[str, Person], client_of: ClientOf) -> None:
    mine = client_of(busy["officer_b"])
    assert len(ROW.findall(mine.get("/incidents/tasks/").content)) == 2
    assert len(ROW.findall(mine.get("/incidents/tasks/?state=all").content)) == 3
    assert len(ROW.findall(mine.get("/incidents/tasks/?due=late&whose=mine").content)) == 1
    assert len(ROW.findall(mine.get("/incidents/tasks/?due=soon").content)) == 1
    assert ROW.findall(client_of(busy["officer_a"]).get("/incidents/tasks/?state=all").content) == []
    assert client_of(busy["outsider"]).get("/incidents/tasks/").status_code == 403


@pytest.mark.parametrize("query", ["due=never", "whose=nobody", "state=odd", "organisation=%00", "cursor=x"])
def test_a_filter_without_sense_matches_nothing(busy: Mapping[str, Person], client_of: ClientOf, query: str) -> None:
    answer = client_of(busy["ciso"]).get(f"/incidents/tasks/?{query}")
    assert answer.status_code in {200, 400}
    if not query.startswith("cursor"):
        assert ROW.findall(answer.content) == []


def test_a_handler_sees_tasks_of_the_whole_and_an_officer_does_not(
    busy: Mapping[str, Person], client_of: ClientOf
) -> None:
    incident = actions.open_incident(actor=busy["responder"], title="x", organisations=[organisation("DEPB")])
    Task.objects.create(incident=incident, title="for the team")
    assert b"for the team" in client_of(busy["responder"]).get("/incidents/tasks/").content
    assert b"for the team" not in client_of(busy["officer_b"]).get("/incidents/tasks/").content
