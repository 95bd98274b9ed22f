"""What people post: another organisation's things, another incident's parts, more fields than the form has."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from django.test import Client

from tests.architecture.doors import Door, doors
from tests.architecture.stage import furnish
from tocsin.platform.gate import Action, Item, Recipient, ask
from tocsin.platform.markings import TLP
from tocsin.platform.models import AuditEntry, GateEntry, OutboxMessage
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.alerts.models import Alert, Suppression
from tocsin.rooms.artefacts.models import Artefact, CustodyEntry
from tocsin.rooms.constituency import actions as constituency
from tocsin.rooms.constituency.models import Asset, Contact, Mandate, Membership, Organisation, Team
from tocsin.rooms.desk import queries as desk
from tocsin.rooms.exchange.models import ForeignDesk, Passing, Ticket
from tocsin.rooms.incidents import actions, queries
from tocsin.rooms.incidents.models import (
    Deadline,
    Evidence,
    HandOff,
    Incident,
    IncidentEntity,
    Rise,
    Seal,
    Task,
    TimelineEntry,
)
from tocsin.rooms.intake.models import Source
from tocsin.rooms.rota.models import Call, Layer, Page, Roster, Shift, StandIn

WRITTEN = (Alert, Artefact, Asset, Call, Contact, CustodyEntry, Deadline, Evidence, ForeignDesk, HandOff, Incident,
           IncidentEntity, Layer, Membership, Organisation, OutboxMessage, Page, Passing, Person, Rise, Roster, Seal,
           Shift, Source, StandIn, Suppression, Task, Team, Ticket, TimelineEntry)  # fmt: skip


@pytest.fixture
def things(chart: Mapping[str, Person]) -> dict[str, Any]:
    return furnish(chart)


@pytest.fixture
def narrow(chart: Mapping[str, Person]) -> Person:
    """Give a person with every role there is, all of it for department B alone."""
    person, department = chart["outsider"], Organisation.objects.get(code="DEPB")
    team = Team.objects.create(code="TEAMB", name="Team B", organisation=department)
    Mandate.objects.create(team=team, organisation=department)
    for role in ("analyst", "responder"):
        Membership.objects.create(person=person, role=role, team=team)
    for role in ("administrator", "officer", "ciso"):
        Membership.objects.create(person=person, role=role, organisation=department)
    return Person.objects.get(pk=person.pk)


def everything() -> dict[str, list[Any]]:
    seen = ("last_login",)  # signing in writes it
    return {
        model.__name__: [
            {k: v for k, v in row.items() if k not in seen} for row in model.objects.order_by("pk").values()
        ]
        for model in WRITTEN
    }


def forms(things: Mapping[str, Any]) -> list[dict[str, Any]]:
    department, incident = Organisation.objects.get(code="DEPA"), Incident.objects.get()
    common = {
        "text": "x", "title": "x", "summary": "x", "severity": "5", "tlp": "RED", "reason": "x", "answer": "x",
        "state": "done", "cause": "x", "event": "acknowledge", "team": "TEAMB", "note": "x", "people": "outsider",
        "entity": incident.entities.get().uuid, "subject": "x", "organisation": "DEPA", "username": "outsider",
        "role": "officer", "name": "x", "email": "x@x.example", "language": "en", "kind": "host", "value": "x.example",
        "timezone": "UTC", "code": "DEPA", "disposition": "benign", "selected": things["uuid"], "days": "30",
        "assignee": Person.objects.get(username="outsider").uuid, "password1": "x", "is_superuser": "1", "owner": "1",
        "organisation_id": department.pk, "parent": department.pk, "sealed": "1", "opened_by": "1", "recipient": "x",
        "whole": "1", "base_url": "https://rt.b.example", "queue": "x", "token": "1-2-x", "active": "0",
    }  # fmt: skip
    return [common | {"do": "take", "role": "responder"}, common | {"do": "dispose", "organisation": department.pk}]


def of_department_a(door: Door) -> bool:
    # Doors to what is one's own, to new things, or to what is common to all: others look after them.
    common = door.route.startswith(("api/", "rules/", "people/", "playbooks/"))
    return door.name == "alerts_bulk" or ("<uuid" in door.route and not common)


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["narrow", "officer_b"])
def test_nobody_changes_what_is_not_theirs(
    name: str,
    narrow: Person,
    things: dict[str, Any],
    chart: Mapping[str, Person],
    client_of: Callable[[Person], Client],
) -> None:
    client = client_of(narrow if name == "narrow" else chart[name])
    given = forms(things)
    before = everything()
    tried = [door for door in doors(things) if of_department_a(door)]
    assert len(tried) >= 35
    for door in tried:
        for form in given:
            answer = client.post(door.path, form)
            assert answer.status_code in {302, 403, 404, 405}, f"{door.path}: {answer.status_code}"
            assert everything() == before, f"{name} changes something at {door.path}"


@pytest.mark.django_db
def test_nobody_opens_an_incident_elsewhere(
    narrow: Person, things: dict[str, Any], client_of: Callable[[Person], Client]
) -> None:
    client = client_of(narrow)
    form = {"title": "mine", "severity": "5", "tlp": "CLEAR", "organisations": ["DEPA"], "offer_to": "TEAMB"}
    assert client.post("/incidents/new/", form).status_code == 200  # the form says no
    assert client.post(f"/incidents/from-alerts/?alert={things['uuid']}", form).status_code == 302
    assert not Incident.objects.filter(title="mine").exists()
    assert b"DEPA" not in client.get("/incidents/new/").content


@pytest.mark.django_db
def test_a_form_takes_no_more_than_it_shows(chart: Mapping[str, Person], client_of: Callable[[Person], Client]) -> None:
    me = chart["analyst"]
    more = {
        "is_superuser": "1",
        "is_staff": "1",
        "username": "ciso",
        "email": "x@x.example",
        "uuid": chart["ciso"].uuid,
    }
    form = {"language": "fr", "time_zone": "UTC", "theme": "dark"}
    assert client_of(me).post("/account/", form | more).status_code == 302
    now = Person.objects.get(pk=me.pk)
    assert (now.language, now.theme) == ("fr", "dark")
    assert (now.username, now.email, now.uuid, now.is_superuser, now.is_staff) == (
        me.username, me.email, me.uuid, False, False,
    )  # fmt: skip


@pytest.mark.django_db
def test_the_ledger_shows_a_narrow_handler_only_their_parts(
    narrow: Person, things: dict[str, Any], chart: Mapping[str, Person], client_of: Callable[[Person], Client]
) -> None:
    incident = Incident.objects.get()
    actions.accept(actor=chart["responder"], hand_off=incident.hand_offs.get(moves=True))
    actions.add_organisation(
        actor=chart["responder"], incident=incident, organisation=Organisation.objects.get(code="DEPB")
    )
    item = Item("incident", incident.uuid, "t", TLP.GREEN, frozenset({"DEPA", "DEPB"}))
    for code in ("DEPB", "OTHER"):
        ask(chart["analyst"], item, Recipient(f"x@{code}.example", code, "named_person"), Action.MAIL)
    view = queries.view_or_404(narrow, incident.uuid)
    assert view.handler
    assert {entry.recipient_organisation for entry in view.sent()} == {"DEPB"}
    assert {entry.recipient_organisation for entry in desk.ledger(narrow)} == {"DEPB", "OTHER"}
    assert b"secret-host-a" not in client_of(narrow).get("/ledger/").content
    whole = {entry.recipient_organisation for entry in desk.ledger(chart["responder"])}
    assert whole == set(GateEntry.objects.values_list("recipient_organisation", flat=True))


@pytest.mark.django_db
def test_the_trail_of_others_is_for_those_at_the_top(narrow: Person, chart: Mapping[str, Person]) -> None:
    furnish(chart)
    for code in ("DEPA", "DEPB"):
        constituency.change_organisation(
            actor=chart["admin"], organisation=Organisation.objects.get(code=code), name=f"{code} renamed"
        )
    own = Organisation.objects.get(code="DEPB").uuid
    assert {entry.object_uuid for entry in desk.trail(narrow) if entry.actor != narrow.uuid} == {own}
    assert desk.trail(chart["ciso"]).count() == AuditEntry.objects.count()
