"""Two at once: a worker that was taken over, two imports of one file, somebody who works on what is taken back."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.rooms.exchange.conftest import Receive
from tests.rooms.incidents.test_races import at_once
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.exchange import actions
from tocsin.rooms.exchange.models import Import, Origin
from tocsin.rooms.incidents import actions as incidents
from tocsin.rooms.incidents.models import Incident

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgresql]


def waiting(receive: Receive, ciso: Person) -> Import:
    load = receive("fir", "fir.json")
    actions.decide(actor=ciso, load=load, organisations={"Archive": "DEPB"}, people={})
    load.refresh_from_db()
    actions.ask_to_bring_in(actor=ciso, load=load)
    return load


def test_two_workers_bring_one_import_in_once(receive: Receive, ciso: Person) -> None:
    load = waiting(receive, ciso)
    copies = [Import.objects.get(pk=load.pk) for _ in range(2)]
    outcomes = at_once(*(lambda each=each: actions.bring_in(each) for each in copies))
    assert outcomes == [None, None]
    load.refresh_from_db()
    assert (load.state, load.records, load.imported, load.duplicates, load.rejected) == ("done", 9, 6, 1, 2)
    assert Incident.objects.count() == 4


def test_two_imports_of_one_file_make_no_incident_twice(receive: Receive, ciso: Person) -> None:
    loads = [waiting(receive, ciso) for _ in range(2)]
    at_once(*(lambda each=each: actions.bring_in(each) for each in loads))
    actions.work()  # what lost is tried again, as the worker does
    assert Incident.objects.count() == Origin.objects.count() == 4
    states = [Import.objects.get(pk=load.pk) for load in loads]
    assert {load.state for load in states} == {"done"}
    assert sorted(load.imported for load in states) == [0, 6]


def test_an_import_is_decided_about_once(receive: Receive, ciso: Person) -> None:
    load = receive("fir", "fir.json")
    actions.decide(actor=ciso, load=load, organisations={"Archive": "DEPB"}, people={})
    copies = [Import.objects.get(pk=load.pk) for _ in range(2)]
    outcomes = at_once(
        lambda: actions.ask_to_bring_in(actor=ciso, load=copies[0]), lambda: actions.discard(actor=ciso, load=copies[1])
    )
    assert [outcome is None for outcome in outcomes].count(True) == 1


def test_what_is_worked_on_is_not_taken_back(receive: Receive, chart: Mapping[str, Person]) -> None:
    ciso = chart["ciso"]
    load = waiting(receive, ciso)
    actions.work()
    load.refresh_from_db()
    actions.ask_to_undo(actor=ciso, load=load)
    incident = Incident.objects.get(origin__identity="45")
    said, _taken = at_once(
        lambda: incidents.comment(actor=ciso, incident=incident, text="we work on it"), lambda: actions.take_back(load)
    )
    load.refresh_from_db()
    kept = Incident.objects.filter(pk=incident.pk).exists()
    assert (load.state, kept) in {("done", True), ("undone", False)}
    assert kept or isinstance(said, Exception)
