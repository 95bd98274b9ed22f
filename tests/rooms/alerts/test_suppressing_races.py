"""Two at once: one lifts a suppression while another does, or while hits come."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.rooms.alerts.conftest import chunk, hit
from tests.rooms.incidents.test_races import at_once
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.alerts import actions
from tocsin.rooms.alerts.actions import NotSuppressed
from tocsin.rooms.alerts.models import Alert, Suppression, SuppressionChange
from tocsin.rooms.intake.models import Receipt

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgresql]
Suppress = Callable[..., Suppression]


def test_it_is_lifted_once(suppress: Suppress, analyst: Person, responder: Person) -> None:
    held = suppress()
    outcomes = at_once(
        *(lambda who=who: actions.lift(actor=who, suppression=held) and None for who in (analyst, responder))
    )
    assert [type(outcome) for outcome in outcomes if outcome is not None] == [NotSuppressed]
    assert SuppressionChange.objects.filter(event="lift").count() == 1


def test_two_workers_hide_and_count_one_group_once(suppress: Suppress, receipt: Receipt) -> None:
    held = suppress()
    at_once(*(lambda n=n: actions.record_hits(receipt, chunk([hit(n)])) and None for n in (100, 101)))
    held.refresh_from_db()
    assert (held.hidden, Alert.objects.get(suppression=held).count) == (1, 2)
