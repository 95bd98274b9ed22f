"""Memberships and mandates become scopes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from tocsin.platform.access import verbs_of
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.constituency.models import Mandate, Membership, Organisation, Team
from tocsin.rooms.constituency.queries import scope_of


def codes(ids: frozenset[int]) -> set[str]:
    return set(Organisation.objects.filter(pk__in=ids).values_list("code", flat=True))


def test_a_role_at_an_organisation_reaches_all_below_it(ciso: Person, officer_a: Person) -> None:
    assert codes(scope_of(ciso).organisations("alerts.view")) == {"INST", "DEPA", "DEPB"}
    assert codes(scope_of(officer_a).organisations("alerts.view")) == {"DEPA"}


def test_a_role_in_a_team_reaches_its_mandate(analyst: Person) -> None:
    scope = scope_of(analyst)
    assert codes(scope.organisations("alerts.triage")) == {"INST", "DEPA", "DEPB"}
    assert scope.teams() == {Team.objects.get(code="SOC").pk}


def test_a_mandate_without_subtree_reaches_one_organisation(chart: Mapping[str, Person]) -> None:
    team = Team.objects.get(code="SOC")
    team.mandates.update(subtree=False)
    Mandate.objects.create(team=team, organisation=Organisation.objects.get(code="OTHER"))
    assert codes(scope_of(chart["analyst"]).organisations("alerts.view")) == {"INST", "OTHER"}


def test_only_some_teams_see_what_belongs_to_nobody(analyst: Person, responder: Person, ciso: Person) -> None:
    assert [scope_of(person).everything("alerts.view") for person in (analyst, responder, ciso)] == [True, False, False]


def test_an_outsider_has_no_scope(outsider: Person) -> None:
    assert scope_of(outsider).grants == ()


@pytest.mark.parametrize("shift", [{"valid_to": timedelta(0)}, {"valid_from": timedelta(days=1)}])
def test_a_membership_counts_only_in_its_time(ciso: Person, shift: Mapping[str, timedelta]) -> None:
    Membership.objects.filter(person=ciso).update(**{name: timezone.now() + by for name, by in shift.items()})
    assert scope_of(ciso).grants == ()


def test_a_team_without_mandate_reaches_nothing_but_is_a_team(responder: Person) -> None:
    Mandate.objects.all().delete()
    scope = scope_of(responder)
    assert (scope.organisations("incidents.view"), len(scope.teams("incidents.view"))) == (frozenset(), 1)


def test_grants_carry_the_verbs_of_their_role(officer_a: Person) -> None:
    (grant,) = scope_of(officer_a).grants
    assert (grant.role, grant.verbs) == ("officer", verbs_of("officer"))


def test_an_organisation_is_not_below_one_with_a_like_number(officer_a: Person) -> None:
    depa = Organisation.objects.get(code="DEPA")
    Organisation.objects.create(code="X", name="X", kind="department", path=f"{depa.path.rstrip('/')}1/")
    assert codes(scope_of(officer_a).organisations("alerts.view")) == {"DEPA"}


def test_it_takes_two_queries(analyst: Person, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(2):
        scope_of(analyst)
