"""Incidents to try things on."""

from __future__ import annotations

import pytest

from tocsin.rooms.accounts.models import Person
from tocsin.rooms.constituency.models import Organisation, Team
from tocsin.rooms.incidents import actions
from tocsin.rooms.incidents.models import Incident


@pytest.fixture
def department_a(chart: object) -> Organisation:
    return Organisation.objects.get(code="DEPA")


@pytest.fixture
def department_b(chart: object) -> Organisation:
    return Organisation.objects.get(code="DEPB")


@pytest.fixture
def csirc(chart: object) -> Team:
    return Team.objects.get(code="CSIRC")


@pytest.fixture
def incident(analyst: Person, department_a: Organisation) -> Incident:
    return actions.open_incident(actor=analyst, title="Macro at DEPA", organisations=[department_a])
