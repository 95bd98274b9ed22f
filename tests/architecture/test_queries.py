"""However much there is, a page asks the database little: at most twelve times, sign-in and scope included."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.architecture.stage import furnish
from tests.architecture.test_routes import bearer, routes
from tests.rooms.incidents.filing import added
from tocsin.platform.gate import Item, Recipient
from tocsin.platform.identity import new_uuid
from tocsin.platform.markings import TLP
from tocsin.platform.outbox import Message, send
from tocsin.rooms.accounts.models import ApiToken, Person
from tocsin.rooms.alerts.models import Alert, AlertComment, Hit, RawLine, Suppression
from tocsin.rooms.constituency.models import Asset, Contact, Membership, Organisation, Team
from tocsin.rooms.exchange.models import ForeignDesk, Passing, Ticket
from tocsin.rooms.incidents.models import HandOff, Incident, IncidentEntity, Rise, Task, TimelineEntry
from tocsin.rooms.intake.models import Receipt, RejectedRecord, Source
from tocsin.rooms.notices.models import Letter, Remark, Thread
from tocsin.rooms.notifications.actions import notify
from tocsin.rooms.playbooks.models import Playbook, Run, StepTask, Tick
from tocsin.rooms.rota import actions as rota
from tocsin.rooms.rota.models import Call, Layer, Means, Page
from tocsin.rooms.rules.models import Rule, RuleSet

MANY, MOST = 60, 12
LISTS = (
    "/",
    "/desk/figures/",
    "/desk/rest/",
    "/desk/rest/?from=12",
    "/overview/",
    "/incidents/tasks/?state=all",
    "/incidents/tasks/?due=late",
    "/notices/told/",
    "/alerts/?state=all",
    "/alerts/suppressions/",
    "/alerts/suppressions/?state=all",
    "/alerts/suppressions/new/?rule=r1",
    "/incidents/?state=all",
    "/incidents/?state=all&sort=due",
    "/incidents/board/",
    "/incidents/board/?sort=age&owner=none&team=mine&due=late",
    "/incidents/times/",
    "/organisations/",
    "/organisations/?without_officer=on",
    "/receipts/",
    "/sources/",
    "/rules/",
    "/people/",
    "/teams/",
    "/ledger/",
    "/audit/",
    "/notices/affected/",
    "/notices/",
    "/notices/matrix/",
    "/notices/board/",
    "/notices/mine/",
    "/notices/letters/",
    "/notices/new/",
    "/hand-offs/",
    "/hand-offs/?box=answered",
    "/hand-offs/?box=sent",
    "/hand-offs/?box=all",
    "/hand-offs/risen/",
    "/notices/routing/?value=DEPA&kind=incident&severity=5",
    "/playbooks/",
    "/playbooks/import/",
    "/exchange/",
    "/exchange/imports/new/",
    "/exchange/desks/",
    "/exchange/desks/new/",
    "/on-call/",
    "/on-call/pages/new/",
    "/on-call/mine.ics",
    "/deputies/",
    "/notifications/",
    "/notifications/?show=all",
    "/notifications/wishes/",
    "/live/",
    "/live/incidents/?since=0&made=0",
)


def people() -> list[Person]:
    made = [Person(username=f"p{n:03}", email=f"p{n}@x.example", full_name=f"P {n}") for n in range(MANY)]
    return [*Person.objects.bulk_create(made)]


def converse(incident: Incident, place: Organisation, person: Person) -> None:
    """Say something with each organisation, and much with one of them."""
    also = Organisation.objects.get(code="DEPA")
    known = {each.organisation_id: each for each in Thread.objects.filter(organisation__in=(place, also))}
    for where in (place, also):
        thread = known.get(where.pk) or Thread.objects.create(
            matter_kind="incident", matter=incident.uuid, organisation=where
        )
        Letter.objects.create(digest=new_uuid().hex, thread=thread, standing="party", reading="unclear", text="x")
        Remark.objects.create(thread=thread, author=person, text="x")


def hand_over(incident: Incident, person: Person, team: Team) -> None:
    """Hand the incident over, and something of it that nobody answered."""
    given = {"incident": incident, "from_team_id": incident.owner_team_id, "to_team": team, "sent_by": person}
    HandOff.objects.create(answered_by=person, state="withdrawn", **given)
    late = HandOff.objects.create(moves=False, route="H13", due_at=timezone.now(), **given)
    Rise.objects.create(
        incident=incident, hand_off=late, reason="unanswered", role="ciso", since=late.due_at, risen_at=late.due_at,
        team=team,
    )  # fmt: skip


def crowd(chart: Mapping[str, Person], things: Mapping[str, Any]) -> None:
    """Put sixty of everything behind every list and page."""
    crew, now = people(), timezone.now()
    top, incident = Organisation.objects.get(code="INST"), Incident.objects.get()
    alert, receipt, department = Alert.objects.get(), Receipt.objects.get(), Organisation.objects.get(code="DEPA")
    csirc = Team.objects.get(code="CSIRC")
    for n, person in enumerate(crew):
        place = Organisation.objects.create(
            code=f"O{n:03}", name=f"O {n}", kind="department", parent=top, path="", place=f"INST O{n:03}"
        )
        place.path = f"{top.path}{place.pk}/"
        place.save()
        Membership.objects.create(person=person, role="officer", organisation=place)
        Membership.objects.create(person=person, role="deputy", organisation=department)
        Contact.objects.create(organisation=place, role="duty", name=f"d{n}", email=f"d{n}@x.example")
        Asset.objects.create(organisation=department, kind="host", value=f"h{n}.x.example")
        feed = Source.objects.create(name=f"s{n:03}", organisation=place)
        taken = Receipt.objects.create(source=feed, name="f", digest="d", records=1, rejected=1)
        RejectedRecord.objects.create(receipt=receipt, record=100 + n, offset=0, reason="r", raw=b"x")
        RawLine.objects.create(alert=alert, receipt=taken, record=1, time=now, raw=b"x")
        other = Alert.objects.create(
            key=f"k{n}", rule_id="r1", rule_version="1", title="t", level=n % 5, organisation=place, assignee=person,
            subject_kind="host", subject=alert.subject, window_start=now, first_seen=now, last_seen=now, count=1,
        )  # fmt: skip
        _suppress(place, person)
        Hit.objects.create(alert=alert, receipt=taken, record=1, rule_id="r1", rule_version="1", time=now)
        AlertComment.objects.create(alert=alert, author=person, text="x")
        part = IncidentEntity.objects.create(incident=incident, organisation=place)
        TimelineEntry.objects.create(
            incident=incident, entity=part, kind="comment", audience="all", text="x", author=person
        )
        added(chart["responder"], incident, b"x", entity=part, audience="all")
        Task.objects.create(incident=incident, entity=part, title="t", assignee=person)
        hand_over(incident, person, csirc)
        incident.alerts.add(other)
        also = Incident.objects.create(title=f"i{n}", opened_by=person, owner=person, owner_team=incident.owner_team)
        IncidentEntity.objects.create(incident=also, organisation=place)
        converse(incident, place, person)
        item = Item("incident", incident.uuid, "t", TLP.CLEAR, frozenset({place.code}))
        send(
            actor=person,
            message=Message(item, Recipient(person.email, place.code, "named_person"), subject="s", body="b"),
        )
        ApiToken.objects.create(person=chart["analyst"], name="t", digest=f"{n}", expires_at=now + timedelta(days=1))
        rules = RuleSet.objects.create(name=f"set {n}")
        Rule.objects.create(rule_set=rules, sigma_id=f"x{n}", title="t", version="1", path="p", text="t")
        _go_through(things, incident, person, n)
        _mirror(incident, place, part, person, n)


def _suppress(place: Organisation, person: Person) -> None:
    """Keep a rule quiet at a place until tomorrow."""
    until = timezone.now() + timedelta(days=1)
    held = Suppression.objects.create(
        rule_id="r1", title="t", organisation=place, reason="r", owner=person, until=until
    )
    held.places.add(place)


def _mirror(incident: Incident, place: Organisation, part: IncidentEntity, person: Person, number: int) -> None:
    """Let another organisation have a ticket about the incident, and let much pass."""
    desk = ForeignDesk.objects.create(organisation=place, base_url="https://rt.a.example", queue="q", created_by=person)
    ticket = Ticket.objects.create(desk=desk, incident=incident, entity=part, reference=f"r{number}", state="live")
    for each in Ticket.objects.filter(reference="r"):
        Passing.objects.create(ticket=each, way="in", transaction=f"{number + 2}", text="x")
    Passing.objects.create(ticket=ticket, way="in", transaction="1", text="x")


def _go_through(things: Mapping[str, Any], incident: Incident, person: Person, number: int) -> None:
    """Begin one more playbook, and say one more thing in the run that is there."""
    begun = Run.objects.get(uuid=things["run"])
    Playbook.objects.create(name=f"pb {number}", current=begun.version)
    other = Run.objects.create(incident=incident, version=begun.version, started_by=person)
    for run in (begun, other):
        step = run.version.steps.order_by("position")[number % 30]
        Tick.objects.create(run=run, step=step, state="done", by=person, current=False, undone_by=person)
        task = Task.objects.create(incident=incident, title="t", assignee=person)
        StepTask.objects.create(run=run, step=step, task=task)


def on_duty(chart: Mapping[str, Person]) -> None:
    """Put everybody of the crowd on duty, let each stand in for an officer, and page and call them all."""
    csirc, layer, page, now = Team.objects.get(code="CSIRC"), Layer.objects.get(), Page.objects.get(), timezone.now()
    for n, person in enumerate(Person.objects.filter(username__startswith="p0").order_by("pk")):
        Membership.objects.create(person=person, role="responder", team=csirc)
        begins = now + timedelta(days=n)
        rota.stand_in(
            actor=chart["responder"], layer=layer, person=person, starts_at=begins, ends_at=begins + timedelta(hours=9)
        )
        about = Page.objects.create(team=csirc, reason="r", severity=3, ladder="l", paged_by=person)
        for step, means in enumerate(Means):
            Call.objects.create(page=page, step=9 + step, role="ciso", person=person, means=means)
            Call.objects.create(page=about, step=1, role="ciso", person=person, means=means)
        Membership.objects.create(
            person=person, role="deputy", organisation=Organisation.objects.get(code=f"O{n:03}"), for_a_time=True,
            stands_in_for=chart["officer_a"],
            valid_from=now, valid_to=now + timedelta(days=9),
        )  # fmt: skip


@pytest.fixture
def things(chart: Mapping[str, Person]) -> Mapping[str, Any]:
    made = furnish(chart)
    crowd(chart, made)
    HandOff.objects.update(received_at=timezone.now())  # whoever opens one first writes that down, once
    on_duty(chart)
    for kind in ("risen", "deadline_late", "answered"):
        for about in Incident.objects.all():
            notify(people=chart.values(), kind=kind, about=about)
    return made


def count(client: Client, path: str) -> tuple[int, int]:
    with CaptureQueriesContext(connection) as made:
        answer = client.get(path)
    b"".join(answer)  # a file is open until it is read
    return answer.status_code, len(made)


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["analyst", "responder", "ciso", "officer_a", "admin"])
def test_every_page_asks_little(
    name: str, things: Mapping[str, Any], chart: Mapping[str, Person], client_of: Callable[[Person], Client]
) -> None:
    client = client_of(chart[name])
    alert, incident = things["uuid"], things["incident.uuid"]
    pages = [
        *LISTS, f"/alerts/{alert}/", f"/alerts/{alert}/hits/", f"/alerts/{alert}/raw/",
        f"/alerts/suppressions/{things['suppression.uuid']}/", f"/alerts/suppressions/new/?alert={alert}",
        f"/incidents/{incident}/",
        f"/incidents/{incident}/conversations/", f"/incidents/{incident}/conversations/write/",
        f"/incidents/{incident}/similar/", "/search/?q=x",
        *(f"/incidents/{incident}/{name}/" for name in ("change", "close", "merge", "split")),
        f"/incidents/{incident}/part/{things['part']}/", f"/incidents/{incident}/task/{things['task']}/change/",
        f"/incidents/{incident}/evidence/", f"/incidents/{incident}/evidence/{things['evidence']}/",
        f"/organisations/{things['organisation.uuid']}/", f"/receipts/{things['receipt']}/", "/account/",
        f"/incidents/{incident}/hand-offs/", f"/hand-offs/{things['hand_off']}/",
        f"/incidents/{incident}/hand-offs/new/?route=H04&to=organisation:DEPA",
        f"/incidents/{incident}/playbooks/", f"/incidents/{incident}/playbooks/{things['run']}/",
        f"/playbooks/{things['playbook.uuid']}/", f"/playbooks/{things['playbook.uuid']}/edit/",
        f"/people/{chart['analyst'].uuid}/", f"/teams/{things['team.uuid']}/", "/incidents/new/",
        f"/incidents/{incident}/elsewhere/", f"/exchange/imports/{things['import.uuid']}/",
        f"/exchange/imports/{things['import.uuid']}/records/",
        f"/exchange/desks/{things['foreign_desk.uuid']}/",
        f"/on-call/teams/{things['team.uuid']}/", f"/on-call/teams/{things['team.uuid']}/shifts.ics",
        f"/on-call/teams/{things['team.uuid']}/notes/",
        f"/on-call/pages/{things['page.uuid']}/", f"/on-call/layers/{things['layer.uuid']}/",
        f"/organisations/teams/{things['team.uuid']}/", f"/organisations/teams/{things['team.uuid']}/second/",
        f"/incidents/{incident}/pages/", f"/live/incident/{incident}/?since=0&made=0",
        f"/live/hand_off/{things['hand_off']}/?since=0&made=0",
    ]  # fmt: skip
    asked = {path: count(client, path) for path in pages}
    assert sum(status == 200 for status, _ in asked.values()) >= 7
    more = 3  # whoever handles it sees its family, its deadlines, an offer, and both ends of a long timeline at once
    allowed = {
        f"/incidents/{incident}/": MOST + more,
        f"/incidents/{incident}/playbooks/": MOST + 1,
    }
    assert {path: n for path, (_, n) in asked.items() if n > allowed.get(path, MOST)} == {}


@pytest.mark.django_db
def test_every_route_asks_little(things: Mapping[str, Any], chart: Mapping[str, Person]) -> None:
    client = Client(headers=bearer(chart["analyst"]))
    paths = [path for method, path in routes(things) if method == "get"]
    asked = {path: count(client, path) for path in paths}
    more = 10  # who takes evidence along is written into the ledger, the custody log and the trail
    allowed = {path: MOST + more for path in paths if path.endswith("/content")}
    assert {path: n for path, (_, n) in asked.items() if n > allowed.get(path, MOST)} == {}
