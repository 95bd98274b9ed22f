"""An administrator of one department looks after its sources and nobody else's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse

from tocsin.pipeline.schema.event import Kind
from tocsin.rooms.accounts.models import ApiToken, Person
from tocsin.rooms.constituency.models import Membership, Organisation, Team
from tocsin.rooms.intake import actions, queries
from tocsin.rooms.intake.models import Source


@pytest.fixture
def narrow(chart: object, outsider: Person) -> Person:
    """Give an administrator of department B who also is an analyst of the whole house."""
    Membership.objects.create(person=outsider, role="administrator", organisation=Organisation.objects.get(code="DEPB"))
    return outsider


def test_common_sources_are_out_of_sight(narrow: Person, admin: Person, source: Source) -> None:
    assert not queries.sources(narrow).exists()
    assert queries.sources(admin).get() == source


def test_the_right_in_one_place_is_no_right_in_another(
    narrow: Person, source: Source, client_of: Callable[[Person], Client]
) -> None:
    Membership.objects.create(person=narrow, role="analyst", team=Team.objects.get(code="SOC"))
    seen = client_of(Person.objects.get(pk=narrow.pk))
    of_a = Source.objects.create(name="of A", organisation=Organisation.objects.get(code="DEPA"))
    for one in (source, of_a):
        assert seen.get(reverse("source", args=[one.uuid])).status_code == 200
        given = {"name": "mine now", "organisation": Organisation.objects.get(code="DEPB").pk, "tlp": "AMBER"}
        assert seen.post(reverse("source", args=[one.uuid]), given).status_code == 403
        assert seen.post(reverse("source_token", args=[one.uuid]), {"name": "x", "days": "30"}).status_code == 403
    assert not ApiToken.objects.exists()


def test_a_common_source_is_made_at_the_top_only(narrow: Person, admin: Person) -> None:
    with pytest.raises(PermissionDenied):
        actions.create_source(actor=narrow, name="everything")
    assert actions.create_source(actor=admin, name="everything").organisation is None


def test_an_event_names_only_the_organisations_in_reach(
    officer_a: Person, analyst: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = queries.Event(
        receipt=uuid4(),
        record=1,
        offset=0,
        kind=Kind("linux", "", ""),
        time=None,
        fields={"source.ip": "192.0.2.1", "tocsin.owner.source": ["DEPA"], "tocsin.owner.destination": ["DEPB"]},
        organisations=("DEPA", "DEPB"),
        raw=b"",
    )
    both = replace(both, fields={**both.fields, "tocsin.organisations": ["DEPA", "DEPB"]})
    monkeypatch.setattr(queries, "_event", lambda _receipt, _record: both)
    own = queries.event(officer_a, both.receipt, 1)
    assert own is not None
    assert own.organisations == ("DEPA",)
    assert own.fields == {
        "source.ip": "192.0.2.1",
        "tocsin.owner.source": ["DEPA"],
        "tocsin.organisations": ["DEPA"],
    }
    whole = queries.event(analyst, both.receipt, 1)
    assert whole is not None
    assert whole == both
