"""What stands behind the doors: things of department A, which nobody but its people and its teams may see."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import time, timedelta
from importlib import import_module
from typing import Any

from django.utils import timezone

from tests.rooms.incidents.filing import added
from tocsin.platform.gate import Action, Item, Recipient, ask
from tocsin.platform.markings import TLP
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.alerts import actions as alert_actions
from tocsin.rooms.alerts.models import Alert, Hit, RawLine
from tocsin.rooms.constituency.models import Asset, Contact, Organisation, Team
from tocsin.rooms.exchange import actions as exchange_actions
from tocsin.rooms.exchange.models import Passing, Ticket
from tocsin.rooms.incidents import actions
from tocsin.rooms.incidents import queries as incident_queries
from tocsin.rooms.incidents.models import BulkChange, HandOff, Incident
from tocsin.rooms.incidents.queries import matter_of
from tocsin.rooms.intake.models import Receipt, RejectedRecord, Source
from tocsin.rooms.notices import actions as notice_actions
from tocsin.rooms.notices import queries
from tocsin.rooms.notices.models import Letter
from tocsin.rooms.notices.queries import To
from tocsin.rooms.notifications.actions import notify
from tocsin.rooms.notifications.models import Notification
from tocsin.rooms.playbooks import actions as playbook_actions
from tocsin.rooms.playbooks.models import Playbook
from tocsin.rooms.rota import actions as rota
from tocsin.rooms.rules.models import Rule, RuleSet


def furnish(chart: Mapping[str, Person]) -> dict[str, Any]:
    """Make one of everything and give the values for the parameters of addresses."""
    department = Organisation.objects.get(code="DEPA")
    source = Source.objects.create(name="Secret title of A source", organisation=department)
    receipt = Receipt.objects.create(
        source=source, name="Secret title of A.log", digest="d", records=2, events=1, rejected=1
    )
    RejectedRecord.objects.create(receipt=receipt, record=2, offset=9, reason="Secret title of A reason", raw=b"x")
    alert = _alert(department, receipt)
    incident = _incident(chart, department, alert)
    contact = Contact.objects.create(
        organisation=department, role="officer", name="Secret title of A person", email="secret-host-a@a.example"
    )
    rules = RuleSet.objects.create(name="set")
    rule = Rule.objects.create(
        rule_set=rules, sigma_id="r1", title="A rule", version="1", path="a.yml", text="title: A rule"
    )
    return {
        "uuid": alert.uuid,
        "organisation.uuid": department.uuid,
        "code": department.code,
        "incident.uuid": incident.uuid,
        "receipt.uuid": receipt.uuid,
        "source.uuid": source.uuid,
        "contact.uuid": contact.uuid,
        "rule.uuid": rule.uuid,
        "receipt": receipt.uuid,
        "record": 1,
        "offer": incident.hand_offs.get(moves=True).uuid,
        "task": incident.tasks.get().uuid,
        "entry": incident.timeline.get(text="Secret title of A remark").uuid,
        "part": incident.entities.get().uuid,
        "deadline": incident.deadlines.get(kind="contain").uuid,
        "evidence": incident.evidence.get().uuid,
        **{f"{name}.uuid": department.uuid for name in _doors(of="constituency") if name.startswith("organisation_")},
        **{f"{name}.uuid": Team.objects.get(code="CSIRC").uuid for name in ("team", "team_role")},
        "asset_end.uuid": Asset.objects.create(organisation=department, kind="host", value="secret-host-a").uuid,
        **{f"contact_{act}.uuid": contact.uuid for act in ("change", "remove", "confirm")},
        "role_end.uuid": department.memberships.all()[0].uuid,
        **{f"{name}.uuid": incident.uuid for name in _incident_doors()},
        "incidents_bulk_change.uuid": _bulk_change(chart).uuid,
        **_hand_offs(chart, incident, department),
        **_notice(chart, department),
        **_playbook(chart, incident),
        **_import(chart),
        **_desk(chart, incident),
        **_rota(chart, department, incident),
        **_notifications(chart, incident),
        **_suppression(chart, alert),
    }


def _suppression(chart: Mapping[str, Person], alert: Alert) -> dict[str, Any]:
    """Keep later alerts like that of department A quiet."""
    held = alert_actions.suppress(
        actor=chart["analyst"], rule=alert.rule_id, organisation=alert.organisation, subject=alert.subject,
        reason="Secret title of A reason", until=timezone.now() + timedelta(days=3),
    )  # fmt: skip
    return {f"{name}.uuid": held.uuid for name in ("suppression", "suppression_prolong", "suppression_lift")}


def _bulk_change(chart: Mapping[str, Person]) -> BulkChange:
    """Let the CISO have done something with many incidents."""
    return BulkChange.objects.create(
        person=chart["ciso"], act="severity", given={"severity": 5}, text="Secret title of A reason", count=0,
        before=[], done_at=timezone.now(),
    )  # fmt: skip


def _hand_offs(chart: Mapping[str, Person], incident: Incident, department: Organisation) -> dict[str, Any]:
    """Hand something to department A that nobody answers in time, so that it rises."""
    Team.objects.filter(code="CSIRC").update(services=["incident_response"])
    responder = Person.objects.get(pk=chart["responder"].pk)
    asked = actions.hand_over(
        actor=responder, incident=incident, route="H04", receiver=department, text="Secret title of A hand-off"
    )
    HandOff.objects.filter(pk=asked.pk).update(due_at=timezone.now())
    actions.rise_due()
    answers = ("hand_off", "hand_off_accept", "hand_off_refuse", "hand_off_withdraw")
    return {
        **{f"{name}.uuid": asked.uuid for name in answers},
        "hand_off": asked.uuid,
        "rise_take.uuid": asked.rises.get().uuid,
    }


def _incident_doors() -> list[str]:
    return [*_doors(of="incidents"), "incident_elsewhere", "incident_ticket_now", "incident_ticket_begin"]


def _desk(chart: Mapping[str, Person], incident: Incident) -> dict[str, Any]:
    """Give department A a ticket system, and a ticket there about the incident."""
    desk = exchange_actions.set_up_desk(
        actor=chart["admin"], organisation=Organisation.objects.get(code="DEPA"), token="1-2-secret-host-a",
        base_url="https://rt.a.example", queue="Secret title of A queue",
    )  # fmt: skip
    ticket = Ticket.objects.create(
        desk=desk, incident=incident, entity=incident.entities.get(), reference="r", number="7", state="live",
        trouble="Secret title of A trouble",
    )  # fmt: skip
    Passing.objects.create(ticket=ticket, way="in", state="done", transaction="1", text="Secret title of A text")
    doors = [name for name in _doors(of="exchange") if name.startswith("foreign_desk")]
    return {"ticket": ticket.uuid, **{f"{name}.uuid": desk.uuid for name in doors}}


def _import(chart: Mapping[str, Person]) -> dict[str, Any]:
    """Let the CISO look at an incident of department A that would come from elsewhere."""
    given = b'{"id": 1, "subject": "Secret title of A import", "concerned_business_lines": ["DEPA"]}'
    load = exchange_actions.receive(
        actor=chart["ciso"], peer="fir", files=[exchange_actions.Offered("f", [given])], attended=True
    )
    exchange_actions.look_at(load)
    doors = [name for name in _doors(of="exchange") if name.startswith("import") and name != "import_new"]
    return {"kind": "incidents", **{f"{name}.uuid": load.uuid for name in doors}}


def _notice(chart: Mapping[str, Person], department: Organisation) -> dict[str, Any]:
    """Tell department A of something, so that a part, a telling and its signed link stand there."""
    fact = {"value": "secret-host-a", "sort": "domain", "held_as": "secret-host-a"}
    notice = notice_actions.draft(
        actor=chart["analyst"], title="Secret title of A notice", kind="indicators", severity=2, tlp=TLP.AMBER,
        facts={department.code: [fact]},
    )  # fmt: skip
    planned = queries.plan(notice.editions.get())
    notice_actions.send(actor=chart["analyst"], notice=notice, seen=planned.digest)
    part = notice.parts.get()
    doors = _doors(of="notices")
    return {
        **{f"{name}.uuid": notice.uuid for name in doors if not name.startswith("notice_part")},
        **{f"{name}.uuid": part.uuid for name in doors if name.startswith("notice_part")},
        "notice_answer.token": "nonsense",
        "notice-part.uuid": part.uuid,
    }


def _playbook(chart: Mapping[str, Person], incident: Incident) -> dict[str, Any]:
    """Begin a playbook on the incident, say something of a step and give another away."""
    playbook_actions.take_starter(actor=None)
    playbook = Playbook.objects.get(name="Ransomware")
    run = playbook_actions.start(actor=chart["responder"], incident=incident, playbook=playbook)
    first, second = run.version.steps.filter(kind="action", depth=0)[:2]
    playbook_actions.tick(
        actor=chart["responder"], run=run, step=first, state="done", text="Secret title of A note on secret-host-a"
    )
    playbook_actions.assign(actor=chart["responder"], run=run, step=second)
    doors = _doors(of="playbooks")
    return {
        **{f"{name}.uuid": playbook.uuid for name in doors if name.startswith("playbook")},
        **{f"{name}.uuid": incident.uuid for name in doors if name.startswith("incident_")},
        "run": run.uuid,
        "position": first.position,
    }


def _doors(*, of: str) -> list[str]:
    return [pattern.name or "" for pattern in import_module(f"tocsin.rooms.{of}.urls").urlpatterns]


def _alert(department: Organisation, receipt: Receipt) -> Alert:
    now = timezone.now()
    alert: Alert = Alert.objects.create(
        key="k",
        rule_id="r1",
        rule_version="1",
        title="Secret title of A",
        level=3,
        organisation=department,
        subject_kind="host",
        subject="secret-host-a",
        window_start=now,
        first_seen=now,
        last_seen=now,
        count=1,
    )
    Hit.objects.create(
        alert=alert, receipt=receipt, record=1, rule_id="r1", rule_version="1", organisation=department, time=now
    )
    RawLine.objects.create(alert=alert, receipt=receipt, record=1, time=now, raw=b"secret-host-a did something")
    return alert


def _conversation(actor: Person, incident: Incident) -> None:
    """Write about it to its officer and to somebody outside, who both answer."""
    for to in (To("officer_a@tocsin.example", "DEPA"), To("secret-host-a@outside.example")):
        writing = incident_queries.Writing(to, "en", TLP.CLEAR, "Secret title of A mail", "Secret title of A text")
        shown = incident_queries.preview(incident, writing)
        mail = actions.converse(
            actor=actor, incident=incident, writing=writing, seen=shown.digest,
            confirmed=[caution.code for caution in shown.cautions],
        )  # fmt: skip
        Letter.objects.create(
            digest=mail.uuid.hex, thread=mail.thread, mail=mail, standing="party", reading="unclear",
            sender=to.address, subject="Secret title of A letter", text="Secret title of A letter",
        )  # fmt: skip


def _incident(chart: Mapping[str, Person], department: Organisation, alert: Alert) -> Incident:
    analyst = chart["analyst"]
    incident = actions.open_incident(
        actor=analyst,
        title="Secret title of A incident",
        organisations=[department],
        alerts=[alert],
        offer_to=Team.objects.get(code="CSIRC"),
    )
    actions.add_task(actor=chart["responder"], incident=incident, title="Secret title of A task")
    _conversation(chart["responder"], incident)
    actions.comment(actor=chart["responder"], incident=incident, text="Secret title of A remark")
    added(chart["responder"], incident, b"secret-host-a", title="Secret title of A evidence", searchable=True)
    item = Item(
        type="incident", uuid=incident.uuid, title=incident.title, tlp=TLP.AMBER, organisations=frozenset({"DEPA"})
    )
    ask(
        analyst,
        item,
        Recipient(address="secret-host-a@a.example", organisation="DEPA", kind="named_person"),
        Action.MAIL,
    )
    return incident


def _rota(chart: Mapping[str, Person], department: Organisation, incident: Incident) -> dict[str, Any]:
    """Keep a roster of the team that handles department A's incident, page it, and name a deputy there."""
    team, now = Team.objects.get(code="CSIRC"), timezone.now()
    responder, officer = chart["responder"], chart["officer_a"]
    layer = rota.save_layer(
        actor=responder, team=team, name="First", line=1, people=[responder], starts_on=now.date() - timedelta(days=7),
        handover_at=time(0),
    )  # fmt: skip
    stand_in = rota.stand_in(
        actor=responder, layer=layer, person=responder, starts_at=now + timedelta(days=1),
        ends_at=now + timedelta(days=2), note="Secret title of A note",
    )  # fmt: skip
    page = rota.page(
        actor=responder, team=team, reason="Secret title of A page", matter=matter_of(incident), severity=3
    )
    held = rota.name_deputy(
        actor=officer, officer=officer, organisation=department, deputy=chart["analyst"],
        first_day=now.date() + timedelta(days=30), last_day=now.date() + timedelta(days=31),
    )  # fmt: skip
    note = rota.write_note(actor=responder, team=team, text="Secret title of A note")
    doors = _doors(of="rota")
    return {
        **{f"{name}.uuid": team.uuid for name in doors},
        **{f"{name}.uuid": page.uuid for name in doors if name.startswith("page")},
        **{f"{name}.uuid": layer.uuid for name in ("layer", "layer_remove")},
        "page_telephone.call": page.calls.all()[0].uuid,
        "stand_in_remove.uuid": stand_in.uuid,
        "deputy_end.uuid": held.uuid,
        "shift_note_read.uuid": note.uuid,
        "called.token": "nonsense",
    }


def _notifications(chart: Mapping[str, Person], incident: Incident) -> dict[str, Any]:
    """Tell everybody of the incident, as if they might know of it."""
    notify(people=chart.values(), kind="risen", about=incident)
    line = Notification.objects.get(person=chart["ciso"], kind="risen")
    return {
        "notification_read.uuid": line.uuid,
        "live_list.kind": "incidents",
        "live_one.kind": "incident",
        "live_one.uuid": incident.uuid,
        "notification.uuid": line.uuid,
    }
