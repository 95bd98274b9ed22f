"""Carry what an organisation may know of an incident into a ticket of its own system: once, through the gate.

What will be sent is written down first, with a marker; then it is sent, outside of any transaction; then it is noted.
Whoever dies in between finds it there again by its reference or its marker, and sends nothing twice.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from tocsin.platform import audit, gate
from tocsin.platform.gate import Action
from tocsin.rooms.exchange import knowledge, queries
from tocsin.rooms.exchange.actions.dialect import Dialect, Trouble
from tocsin.rooms.exchange.actions.hearing import hear, too_much
from tocsin.rooms.exchange.models import ForeignDesk, Passing, Ticket
from tocsin.rooms.incidents.actions import note
from tocsin.rooms.incidents.actions.record import hold
from tocsin.rooms.incidents.models import Audience, Incident, IncidentEntity, TimelineEntry

WAITS = [timedelta(minutes=m) for m in (1, 2, 5, 15, 60)]  # the last again and again: nothing is given up
State, Way = Ticket.State, Passing.Way


@dataclass(frozen=True, slots=True)
class Errand:
    """What is to be done for one ticket: open it, write into it, fill in its fields, give it a state."""

    subject: str
    passing: Passing | None
    again: bool
    state: str
    fields: Mapping[str, str]
    until: datetime


def open_tickets(desk: ForeignDesk) -> int:
    """Note a ticket for every part that the organisation was told of since its desk began; give how many."""
    made = 0
    for entity in queries.to_open(desk)[: queries.AT_ONCE]:
        made += begin_ticket(desk, entity) is not None
    return made


@transaction.atomic
def begin_ticket(desk: ForeignDesk, entity: IncidentEntity) -> Ticket | None:
    """Note that a part shall have a ticket; None when there is one, or when the incident may have none by now."""
    try:
        incident = hold(entity.incident_id)
    except ValidationError:  # merged meanwhile: its parts went on
        return None
    known = Ticket.objects.filter(entity=entity.pk).exists()
    if incident.sealed or known or not incident.entities.filter(pk=entity.pk).exists():
        return None
    reference = f"{incident.reference}/{desk.organisation.code}"[:50]
    others = Ticket.objects.filter(reference__startswith=reference).count()  # such as one that went to another incident
    reference = f"{reference}-{others + 1}" if others else reference
    return Ticket.objects.create(desk=desk, incident=incident, entity=entity, reference=reference)


def carry(desk: ForeignDesk, rt: Dialect, ticket: Ticket) -> None:
    """Carry what waits for one ticket; raise Trouble, which is noted at the ticket."""
    errand = _claim(ticket)
    if errand is None:
        return
    try:
        _go(desk, rt, ticket, errand)
    except Trouble as trouble:
        later(ticket, trouble)
        raise
    Ticket.objects.filter(pk=ticket.pk).update(carried_at=errand.until, trouble="", failures=0)


def later(ticket: Ticket, trouble: Trouble) -> None:
    """Note what went wrong at a ticket, and when it is tried again."""
    wait = WAITS[min(ticket.failures, len(WAITS) - 1)]
    Ticket.objects.filter(pk=ticket.pk).update(
        trouble=str(trouble), failures=ticket.failures + 1, next_attempt_at=timezone.now() + wait
    )


@transaction.atomic
def _claim(ticket: Ticket) -> Errand | None:
    """Hold the incident, decide what may go, and write it down; None when nothing goes."""
    try:
        incident = hold(ticket.incident_id)
    except ValidationError:
        return None
    current = Ticket.objects.select_for_update().get(pk=ticket.pk)
    if incident.sealed or current.incident_id != incident.pk or current.state not in Ticket.GOING:
        return None
    ticket.refresh_from_db()
    sending = ticket.passings.filter(way=Way.OUT, state=Passing.State.SENDING).order_by("pk").first()
    entries = [] if sending is not None else list(queries.entries_for(ticket)[: queries.AT_ONCE])
    state, fields = _state_for(ticket, incident), _fields_for(ticket)
    if not (sending or entries or state or fields or not ticket.number):
        Ticket.objects.filter(pk=ticket.pk).update(carried_at=incident.updated_at)
        return None
    if too_much(ticket):
        return None
    about = queries.telling(ticket)
    decision = gate.ask(None, about.item, about.recipient, Action.TICKET)
    if not decision.allowed:
        refused = {"state": State.REFUSED, "trouble": decision.reason[:500], "carried_at": incident.updated_at}
        Ticket.objects.filter(pk=ticket.pk).update(**refused)
        return None
    passing = sending or _written(ticket, about, entries)
    if ticket.state == State.REFUSED:
        Ticket.objects.filter(pk=ticket.pk).update(state=State.LIVE if ticket.number else State.WAITING, trouble="")
    more = len(entries) == queries.AT_ONCE or sending is not None
    until = incident.created_at if more else incident.updated_at
    return Errand(queries.subject(ticket, about), passing, sending is not None, state, fields, until)


def _written(ticket: Ticket, about: queries.Telling, entries: Sequence[TimelineEntry]) -> Passing | None:
    """Write down what will be sent; None when there is nothing to say."""
    opening = not ticket.number
    if not (opening or entries):
        return None
    marker = secrets.token_hex(8)
    text = (queries.opening if opening else queries.reply)(ticket, about, entries, marker)
    passing = Passing.objects.create(ticket=ticket, way=Way.OUT, opening=opening, marker=marker, text=text)
    passing.entries.set(entries)
    return passing


def _state_for(ticket: Ticket, incident: Incident) -> str:
    """Give the state that the ticket should have there, empty when it is left alone or has it."""
    if not ticket.desk.sends_states:
        return ""
    wanted = knowledge.ours(ticket.desk.kind, ticket.desk.states).get(incident.state, "")
    last = incident.timeline.filter(event="state").order_by("-id").values_list("time", flat=True).first()
    done = last is None or (ticket.carried_at is not None and ticket.carried_at > last)
    return "" if done or wanted == ticket.state_there else wanted


def _fields_for(ticket: Ticket) -> dict[str, str]:
    """Give the custom fields that hold something else there than they should, as far as we know."""
    wanted = queries.field_values(ticket)
    return {name: value for name, value in wanted.items() if ticket.fields_there.get(name, [None])[0] != value}


def _go(desk: ForeignDesk, rt: Dialect, ticket: Ticket, errand: Errand) -> None:
    if errand.passing is not None and errand.passing.opening:
        _open(desk, rt, ticket, errand)
    elif errand.passing is not None:
        if errand.again:
            hear(desk, rt, ticket)  # it may have arrived: then it is found there by its marker
            errand.passing.refresh_from_db()
        if errand.passing.state == Passing.State.SENDING and _still(ticket):
            rt.write(ticket.number, errand.passing.text)
            _done(ticket, errand.passing)
    if errand.fields and ticket.number and _still(ticket):
        _set_fields(rt, ticket, errand.fields)
    if errand.state and ticket.number and _still(ticket):
        _set_state(rt, ticket, errand.state)


def _open(desk: ForeignDesk, rt: Dialect, ticket: Ticket, errand: Errand) -> None:
    """Find the ticket if it was opened before, else open it; note its number."""
    if errand.passing is None or not _still(ticket):
        return
    number = _opened_before(desk, rt, ticket, errand.passing)
    fields = {desk.reference_field: ticket.reference} if desk.reference_field else {}
    number = number or rt.create(desk.queue, errand.subject, errand.passing.text, fields)
    there = rt.ticket(number)
    with transaction.atomic():
        _note_opened(desk, ticket, number, there.state)
        if there.creator and desk.account != there.creator:
            ForeignDesk.objects.filter(pk=desk.pk).update(account=there.creator)
            desk.account = there.creator
        _done(ticket, errand.passing)
    ticket.number, ticket.state_there = number, there.state


def _opened_before(desk: ForeignDesk, rt: Dialect, ticket: Ticket, passing: Passing) -> str:
    """Give the number of the ticket that we opened and did not note; one by others with its subject is none of it."""
    for number in rt.find(ticket.reference, desk.reference_field):
        first = next(iter(rt.history(number, 0)), None)
        if first is not None and passing.marker in rt.text(first.number).text:
            return number
    return ""


def _note_opened(desk: ForeignDesk, ticket: Ticket, number: str, state: str) -> None:
    incident = Incident.objects.select_for_update().get(
        pk=Ticket.objects.values("incident").get(pk=ticket.pk)["incident"]
    )
    Ticket.objects.filter(pk=ticket.pk).update(number=number, state_there=state, unheard=True)
    Ticket.objects.filter(pk=ticket.pk, state=State.WAITING).update(state=State.LIVE)
    audit.record(None, "exchange.ticket_opened", incident, {"organisation": desk.organisation.code, "ticket": number})
    if not incident.sealed:
        note(
            incident, "ticket_opened", ticket=number, organisation=desk.organisation, author=None,
            entity=IncidentEntity.objects.get(pk=ticket.entity_id), audience=Audience.ENTITY,
        )  # fmt: skip


def _done(ticket: Ticket, passing: Passing) -> None:
    now = timezone.now()
    Passing.objects.filter(pk=passing.pk).update(state=Passing.State.DONE, done_at=now)
    Ticket.objects.filter(pk=ticket.pk).update(last_out_at=now, unheard=True)


def _set_fields(rt: Dialect, ticket: Ticket, fields: Mapping[str, str]) -> None:
    """Fill in fields; what is not taken is shown at the ticket, stops nothing, and waits for the next change."""
    taken = rt.set_fields(ticket.number, fields)
    ticket.fields_there |= {name: [value, name in taken] for name, value in fields.items()}
    Ticket.objects.filter(pk=ticket.pk).update(
        fields_there=ticket.fields_there, last_out_at=timezone.now(), unheard=True
    )


def _set_state(rt: Dialect, ticket: Ticket, state: str) -> None:
    rt.set_state(ticket.number, state)
    now_there = rt.ticket(ticket.number).state
    Ticket.objects.filter(pk=ticket.pk).update(state_there=now_there, last_out_at=timezone.now(), unheard=True)
    if now_there != state:
        raise Trouble(
            _("The ticket is “%(there)s” and not “%(wanted)s”: look at the states of the desk, and at the rights.")
            % {"wanted": state, "there": now_there}
        )


def _still(ticket: Ticket) -> bool:
    """Tell, right before something leaves, whether it still may: the incident may have been sealed since."""
    return Ticket.objects.filter(pk=ticket.pk, state__in=Ticket.GOING, incident__sealed=False).exists()
