"""An incident, playbooks, and people who go through them."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.rooms.playbooks.files import branching, linear, written
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.constituency.models import Membership, Organisation, Team
from tocsin.rooms.incidents import actions as incidents
from tocsin.rooms.incidents.models import Incident
from tocsin.rooms.playbooks import actions
from tocsin.rooms.playbooks.models import Playbook, Run, Step


@pytest.fixture
def incident(chart: Mapping[str, Person]) -> Incident:
    return incidents.open_incident(
        actor=chart["analyst"],
        title="Macro at DEPA",
        organisations=[Organisation.objects.get(code="DEPA")],
        offer_to=Team.objects.get(code="CSIRC"),
    )


@pytest.fixture
def colleague(chart: Mapping[str, Person]) -> Person:
    Membership.objects.create(person=chart["outsider"], role="responder", team=Team.objects.get(code="CSIRC"))
    return Person.objects.get(pk=chart["outsider"].pk)


@pytest.fixture
def playbook(responder: Person) -> Playbook:
    return actions.take_file(actor=responder, raw=written(linear("One", "Two", "Three"))).playbook


@pytest.fixture
def whole(responder: Person) -> Playbook:
    return actions.take_file(actor=responder, raw=written(branching())).playbook


@pytest.fixture
def run(responder: Person, incident: Incident, playbook: Playbook) -> Run:
    return actions.start(actor=responder, incident=incident, playbook=playbook)


@pytest.fixture
def long_run(responder: Person, incident: Incident, whole: Playbook) -> Run:
    return actions.start(actor=responder, incident=incident, playbook=whole)


def step(run: Run, title: str) -> Step:
    """Give a step of a run by its title, or a branch by the title of what it stands under and when."""
    found: Step = run.version.steps.get(title=title)
    return found


def branch(run: Run, title: str, when: str) -> Step:
    """Give a branch of a step."""
    under = step(run, title)
    found = run.version.steps.filter(position__gt=under.position, kind="branch", when=when, depth=under.depth + 1)
    first: Step = found.order_by("position")[0]
    return first
