"""An incident that people are told of."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tocsin.rooms.accounts.models import Person
from tocsin.rooms.constituency.models import Organisation
from tocsin.rooms.incidents import actions as incidents
from tocsin.rooms.incidents.models import Incident
from tocsin.rooms.notifications.models import Notification

Waiting = Callable[[Person], list[tuple[str, int]]]


@pytest.fixture
def incident(responder: Person) -> Incident:
    return incidents.open_incident(
        actor=responder, title="Macro at DEPA", organisations=[Organisation.objects.get(code="DEPA")]
    )


@pytest.fixture
def waiting() -> Waiting:
    """Give the kinds and counts of what waits for a person in the page, as they may see it now."""

    def lines(person: Person) -> list[tuple[str, int]]:
        reader = Person.objects.get(pk=person.pk)  # whose rights are read anew
        found = Notification.objects.visible_to(reader).unread().order_by("id")
        return list(found.values_list("kind", "count"))

    return lines
