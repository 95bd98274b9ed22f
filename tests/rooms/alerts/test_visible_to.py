"""Who sees which alerts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import pytest
from django.contrib.auth.models import AnonymousUser

from tests.rooms.alerts.conftest import rule
from tocsin.rooms.alerts.models import Alert
from tocsin.rooms.constituency.models import Mandate, Organisation, Team

if TYPE_CHECKING:
    from tocsin.rooms.accounts.models import Person


@pytest.fixture
def one_each(alert_of: Callable[..., Alert]) -> None:
    for code in ("INST", "DEPA", "DEPB", "OTHER"):
        alert_of(organisations=(code,), rule=rule(title=code))
    alert_of(organisations=(), rule=rule(title="nobody's"))


@pytest.mark.usefixtures("one_each")
@pytest.mark.parametrize(
    ("name", "seen"),
    [
        ("analyst", {"INST", "DEPA", "DEPB", "nobody's"}),
        ("responder", {"INST", "DEPA", "DEPB"}),
        ("officer_a", {"DEPA"}),
        ("officer_b", {"DEPB"}),
        ("ciso", {"INST", "DEPA", "DEPB"}),
        ("admin", set()),
        ("outsider", set()),
    ],
)
def test_each_sees_their_own(chart: Mapping[str, Person], name: str, seen: set[str]) -> None:
    assert set(Alert.objects.visible_to(chart[name]).values_list("title", flat=True)) == seen


@pytest.mark.usefixtures("one_each")
def test_nobody_signed_in_sees_nothing() -> None:
    assert not Alert.objects.visible_to(AnonymousUser()).exists()


@pytest.mark.usefixtures("one_each")
def test_a_team_that_sees_all_with_one_organisation_sees_both(chart: Mapping[str, Person]) -> None:
    Mandate.objects.all().delete()
    Mandate.objects.create(team=Team.objects.get(code="SOC"), organisation=Organisation.objects.get(code="OTHER"))

    assert set(Alert.objects.visible_to(chart["analyst"]).values_list("title", flat=True)) == {"OTHER", "nobody's"}
