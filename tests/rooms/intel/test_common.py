"""Observables that stand on a public list are marked, and link no incidents."""

from __future__ import annotations

from pathlib import Path

import pytest

from tocsin.pipeline import warninglists
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.constituency.models import Organisation
from tocsin.rooms.incidents import actions, queries
from tocsin.rooms.incidents.models import Incident
from tocsin.rooms.intel.actions import mark_common
from tocsin.rooms.intel.models import Observable

LISTS = {"names": ["Public resolvers"], "patterns": [], "parts": []}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Lists that have one address."""
    ranges = [(4, 0x08080808, 0x08080808, 0)]
    warninglists._write(tmp_path / f"warninglists-{warninglists.current()}", {"exact": {}, "below": {}}, ranges, LISTS)
    return tmp_path


def opened(person: Person, summary: str) -> Incident:
    place = Organisation.objects.get(code="DEPA")
    return actions.open_incident(actor=person, title="Seen", organisations=[place], summary=summary)


@pytest.mark.django_db
def test_common_values_link_nothing_and_rare_ones_do(responder: Person, folder: Path) -> None:
    first = opened(responder, "8.8.8.8 and 185.220.101.4")
    opened(responder, "8.8.8.8")
    second = opened(responder, "185.220.101.4")
    assert mark_common(folder) == 2
    assert dict(Observable.objects.values_list("value", "common")) == {
        "8.8.8.8": "Public resolvers",
        "185.220.101.4": "",
    }
    similar = queries.view_or_404(responder, first.uuid).similar()
    assert [each.incident for each in similar] == [second]


@pytest.mark.django_db
def test_each_is_looked_up_once_until_the_lists_change(
    responder: Person, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened(responder, "8.8.8.8")
    assert (mark_common(folder), mark_common(folder)) == (1, 0)
    monkeypatch.setattr(warninglists, "current", lambda: "newer")
    empty: dict[str, dict[int, int]] = {"exact": {}, "below": {}}
    warninglists._write(folder / "warninglists-newer", empty, [], LISTS)
    assert mark_common(folder) == 1
    assert Observable.objects.get().common == ""
