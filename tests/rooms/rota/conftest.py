"""A response team with two lines, a lead, and a CISO above it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta

import pytest
from django.utils import timezone

from tocsin.platform.models import OutboxMessage
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.constituency.models import Membership, Team
from tocsin.rooms.rota import actions
from tocsin.rooms.rota.models import Call, Layer, Line, Page

NUMBERS = {"responder": "+32 2 295 60 01", "second": "+32 2 295 60 02", "lead": "+32 2 295 60 03", "ciso": ""}


@pytest.fixture(autouse=True)
def gateway(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the house have a gateway for short messages."""
    monkeypatch.setenv("TOCSIN_SMS_GATEWAY", "gateway.yaml")


@pytest.fixture
def csirc(chart: Mapping[str, Person]) -> Team:
    return Team.objects.get(code="CSIRC")


@pytest.fixture
def crew(chart: Mapping[str, Person], csirc: Team) -> Mapping[str, Person]:
    """Give the people of the team by name, each with a telephone."""
    people = {"responder": chart["responder"], "ciso": chart["ciso"]}
    for name in ("second", "lead"):
        people[name] = Person.objects.create(
            username=name, email=f"{name}@tocsin.example", full_name=name.title(), language="en"
        )
        Membership.objects.create(person=people[name], role="responder", team=csirc)
    for name, person in people.items():
        person.phone = NUMBERS[name]
        person.save()
    return people


@pytest.fixture
def layer(csirc: Team) -> Callable[..., Layer]:
    """Add a layer to the team's roster that began weeks ago."""

    def add(actor: Person, people: list[Person], line: int = Line.FIRST, team: Team = csirc, **more: object) -> Layer:
        given = {"name": Line(line).name, "starts_on": timezone.now().date() - timedelta(days=14)}
        given |= {"handover_at": timezone.now().time().replace(hour=0, minute=0, second=0, microsecond=0)}
        return actions.save_layer(actor=actor, team=team, people=people, line=line, **(given | more))  # type: ignore[arg-type]

    return add


@pytest.fixture
def roster(crew: Mapping[str, Person], layer: Callable[..., Layer]) -> None:
    """Put one person on each line."""
    for name, line in (("responder", Line.FIRST), ("second", Line.SECOND), ("lead", Line.LEAD)):
        layer(crew["responder"], [crew[name]], line)


@pytest.fixture
def paged(roster: None, csirc: Team, analyst: Person) -> Callable[..., Page]:
    """Page the team."""

    def page(**more: object) -> Page:
        given = {"reason": "Something burns", "matter": None, "severity": 3, "actor": analyst, "team": csirc}
        return actions.page(**(given | more))  # type: ignore[arg-type]

    return page


def later(page: Page, minutes: int) -> Page:
    """Let time pass for a page: as if it had begun so many minutes earlier."""
    past = timedelta(minutes=minutes)
    page.refresh_from_db()
    due = page.next_step_at - past if page.next_step_at is not None else None
    Page.objects.filter(pk=page.pk).update(created_at=page.created_at - past, next_step_at=due)
    page.refresh_from_db()
    return page


def called(page: Page) -> list[tuple[int, str, str]]:
    """Give who was called: step, account, means."""
    rows = Call.objects.filter(page=page).order_by("pk").values_list("step", "person__username", "means")
    return [(step, name or "tool", means) for step, name, means in rows]


def sent() -> list[tuple[str, str]]:
    """Give what waits to leave: to whom, saying what."""
    return list(OutboxMessage.objects.order_by("pk").values_list("recipient", "body"))
