"""The board and the list show what is due, to those who handle."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from tocsin.rooms.accounts.models import Person
from tocsin.rooms.constituency.models import Organisation, Team
from tocsin.rooms.incidents import actions, queries
from tocsin.rooms.incidents.models import NO_DUE, Incident, IncidentEntity
from tocsin.rooms.incidents.queries.board import COUNTED, SHOWN

pytestmark = pytest.mark.django_db
ClientOf = Callable[[Person], Client]
HOUR = timedelta(hours=1)


@pytest.fixture
def make(analyst: Person) -> Callable[..., Incident]:
    def made(title: str, due: float | None = None, code: str = "DEPA", **more: object) -> Incident:
        at = NO_DUE if due is None else timezone.now() + due * HOUR
        given = {"title": title, "opened_by": analyst, "owner": analyst, "next_due_at": at, **more}
        found = Incident.objects.create(**given)
        IncidentEntity.objects.create(incident=found, organisation=Organisation.objects.get(code=code))
        return found

    return made


def titles(user: Person, severity: int, sort: str = "", **filters: str) -> list[str]:
    columns = queries.board(user, filters=filters, sort=sort)
    return [card.title for column in columns if column.severity == severity for card in column.cards]


def test_a_column_shows_what_is_due_first_or_waits_longest(analyst: Person, make: Callable[..., Incident]) -> None:
    make("old", 9)
    make("none")
    make("late", -1)
    make("worse", 1, severity=5)
    make("closed", -1, open=False, state="closed")
    assert titles(analyst, 2) == ["late", "old", "none"]
    assert titles(analyst, 2, sort="age") == ["old", "none", "late"]
    assert titles(analyst, 5) == ["worse"]
    assert [column.severity.value for column in queries.board(analyst, filters={})] == [5, 4, 3, 2, 1, 0]


def test_it_is_filtered(analyst: Person, make: Callable[..., Incident], csirc: Team) -> None:
    make("nobody's", 9, owner=None)
    make("late", -1, owner_team=Team.objects.get(code="SOC"))
    make("soon", 2, owner_team=csirc)
    assert titles(analyst, 2, owner="none") == ["nobody's"]
    assert titles(analyst, 2, due="late") == ["late"]
    assert titles(analyst, 2, due="soon") == ["soon"]
    assert titles(analyst, 2, team="mine") == ["late"]


def test_a_full_column_says_how_many_more(analyst: Person, make: Callable[..., Incident], client_of: ClientOf) -> None:
    for number in range(SHOWN + 3):
        make(f"i{number}", number)
    client = client_of(analyst)
    page = client.get("/incidents/board/?owner=me").content.decode()
    assert "and 3 more" in page
    assert "/incidents/?owner=me&amp;severity=2&amp;sort=due" in page
    listed = client.get("/incidents/?owner=me&severity=2&sort=due").content.decode()
    assert listed.count('class="row-link"') == SHOWN + 3
    for number in range(COUNTED):
        make(f"j{number}", number)
    assert f"and more than {COUNTED} more" in client.get("/incidents/board/").content.decode()


def test_it_is_for_those_who_see_incidents_in_full(
    make: Callable[..., Incident], officer_a: Person, outsider: Person, admin: Person, client_of: ClientOf
) -> None:
    make("t", 1)
    for person in (officer_a, outsider, admin):
        assert client_of(person).get("/incidents/board/").status_code == 403


def test_what_is_sealed_is_not_on_it(
    make: Callable[..., Incident], responder: Person, analyst: Person, ciso: Person
) -> None:
    actions.seal(actor=responder, incident=make("secret", 1), people=[])
    assert titles(analyst, 2) == titles(ciso, 2) == []
    assert titles(responder, 2) == ["secret"]


def test_the_list_is_filtered_and_ordered_by_what_is_due(
    make: Callable[..., Incident], analyst: Person, client_of: ClientOf
) -> None:
    for number in range(45):
        make(f"i{number:02}", 45.5 - number)
    make("late", -1)
    make("none")
    client = client_of(analyst)
    seen: list[str] = []
    address = "/incidents/?sort=due"
    for _ in range(3):
        answer = client.get(address)
        seen += [incident.title for incident in answer.context["page"].items]
        address = f"/incidents/?sort=due&cursor={answer.context['page'].next}"
        if not answer.context["page"].next:
            break
    assert seen == ["late", *(f"i{number:02}" for number in reversed(range(45))), "none"]
    assert "1 h late" in client.get("/incidents/?due=late").content.decode()
    assert client.get("/incidents/?due=late").content.count(b"row-link") == 1
    assert client.get("/incidents/?due=soon").content.count(b"row-link") == 3


def test_an_officer_is_shown_no_dues_of_the_whole(
    make: Callable[..., Incident], officer_a: Person, client_of: ClientOf
) -> None:
    late = make("late", -1.2)
    make("other", 100)
    client = client_of(officer_a)
    for address in ("/incidents/", "/incidents/?due=late", "/incidents/?sort=due"):
        page = client.get(address).content.decode()
        assert page.count('class="row-link"') == 2
        assert "1 h late" not in page
    answer = client.get("/incidents/?export=csv")
    written = b"".join(answer).decode()
    assert "due_at" in written
    assert f"{late.next_due_at:%Y-%m-%dT%H:%M:%S}" not in written


def test_each_page_has_its_own_filters(analyst: Person, client_of: ClientOf) -> None:
    def named(path: str) -> list[str]:
        return [field.name for field in client_of(analyst).get(path).context["filters"]]

    assert {"family", "parent", "due", "team"} <= set(named("/incidents/"))
    assert named("/incidents/board/") == ["owner", "due", "team", "sort"]
    assert named("/incidents/times/") == ["begin", "end", "organisation"]
