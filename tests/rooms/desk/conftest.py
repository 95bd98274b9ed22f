"""Things that wait, for desks to show."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from itertools import count
from typing import Any

import pytest
from django.utils import timezone

from tocsin.rooms.accounts.models import Person
from tocsin.rooms.alerts.models import Alert
from tocsin.rooms.constituency.models import Organisation, Team
from tocsin.rooms.incidents.models import HandOff, Incident, IncidentEntity

Make = Callable[..., Any]


def organisation(code: str) -> Organisation:
    return Organisation.objects.get(code=code)


@pytest.fixture
def make_alert(chart: dict[str, Person]) -> Make:
    numbers = count()

    def make(code: str | None = "DEPA", level: int = 3, seen: datetime | None = None, **more: Any) -> Alert:
        number, seen = next(numbers), seen or timezone.now()
        place = organisation(code) if code else None
        times = {"window_start": seen, "first_seen": seen, "last_seen": seen}
        return Alert.objects.create(
            key=str(number), title=f"alert {number}", level=level, organisation=place, count=1, **times, **more
        )

    return make


@pytest.fixture
def make_incident(chart: dict[str, Person]) -> Make:
    numbers = count(1)

    def make(code: str = "DEPA", **more: Any) -> Incident:
        number = next(numbers)
        given = {"title": f"incident {number}", "opened_by": chart["analyst"], "reference": f"INC-{number:05}", **more}
        incident = Incident.objects.create(**given)
        IncidentEntity.objects.create(incident=incident, organisation=organisation(code))
        return incident

    return make


@pytest.fixture
def make_offer(chart: dict[str, Person], make_incident: Make) -> Make:
    def make(incident: Incident | None = None, **more: Any) -> HandOff:
        incident, team = incident or make_incident(), Team.objects.get(code="CSIRC")
        Incident.objects.filter(pk=incident.pk).update(offered_to=team)
        return HandOff.objects.create(incident=incident, to_team=team, sent_by=chart["analyst"], **more)

    return make
