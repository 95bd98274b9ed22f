"""Mirror incidents with the ticket systems of organisations: the round that the worker makes, and what stops it."""

from __future__ import annotations

import hmac
import logging
import time
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from tocsin.platform import audit, gate, webhooks
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.exchange import queries
from tocsin.rooms.exchange.actions.carrying import WAITS, begin_ticket, carry, later, open_tickets
from tocsin.rooms.exchange.actions.desks import hook_secret, opened
from tocsin.rooms.exchange.actions.dialect import PER_PAGE, Dialect, Trouble
from tocsin.rooms.exchange.actions.hearing import hear
from tocsin.rooms.exchange.models import ForeignDesk, Passing, Ticket
from tocsin.rooms.incidents.actions.record import hold, require_handler
from tocsin.rooms.incidents.models import Incident, IncidentEntity

logger = logging.getLogger(__name__)

POLL = timedelta(minutes=1)
TICKETS, SECONDS = 50, 120  # of one desk in one round
OLD = 300  # seconds: a call that was signed longer ago is none


def mirror() -> None:
    """Make one round over all desks: what fails at one does not hinder the others."""
    for desk in ForeignDesk.objects.filter(active=True).select_related("organisation").order_by("pk"):
        open_tickets(desk)
        if desk.next_poll_at <= timezone.now() or (not desk.failures and _waits(desk)):
            _visit(desk)
    gate.keep_refusals()


def _waits(desk: ForeignDesk) -> bool:
    return queries.to_carry(desk, timezone.now()).exists() or queries.to_hear(desk).filter(unheard=True).exists()


def _visit(desk: ForeignDesk) -> None:
    """Carry and hear at one desk; whatever stands against the whole of it is noted there."""
    trouble: Trouble | None = None
    until = time.monotonic() + SECONDS
    try:
        rt = opened(desk)
        first = _carry_all(desk, rt, until)
        second = _hear_all(desk, rt, until)
        trouble = first or second
    except Trouble as found:
        trouble = found
    _note(desk, trouble)


def _carry_all(desk: ForeignDesk, rt: Dialect, until: float) -> Trouble | None:
    """Carry what waits; give what stands against it where that is no matter of one ticket."""
    for ticket in queries.to_carry(desk, timezone.now())[:TICKETS]:
        if time.monotonic() > until:
            break
        try:
            carry(desk, rt, ticket)
        except Trouble as trouble:
            logger.warning("ticket %s: %s", ticket.reference, trouble)
            if trouble.whole:
                return trouble
    return None


def _hear_all(desk: ForeignDesk, rt: Dialect, until: float) -> Trouble | None:
    now, tickets = timezone.now(), list(queries.to_hear(desk).select_related("incident"))
    changed: dict[str, datetime] = {}
    for some in _chunks(tickets):
        changed |= rt.changed([ticket.number for ticket in some])
    for ticket in tickets:
        at = changed.get(ticket.number)
        if (at is not None and at == ticket.changed_there and not ticket.unheard) or ticket.next_attempt_at > now:
            continue
        if time.monotonic() > until:
            break
        try:
            _hear(desk, rt, ticket, at)
        except Trouble as trouble:
            later(ticket, trouble)
            if trouble.whole:
                return trouble
    return None


def _hear(desk: ForeignDesk, rt: Dialect, ticket: Ticket, at: datetime | None) -> None:
    """Hear one ticket that changed ``at`` a time of the clock there, None when it cannot be seen."""
    if at is None:
        raise Trouble(_("RT does not show this ticket: it was merged into another or deleted, or a right is gone."))
    hear(desk, rt, ticket)
    # Times there are of whole seconds: what has just changed is looked at once more.
    heard = Ticket.objects.filter(pk=ticket.pk)
    heard.update(changed_there=at, unheard=at != ticket.changed_there)
    heard.filter(carried_at__gte=F("incident__updated_at")).exclude(trouble="").exclude(
        state=Ticket.State.RESTING
    ).update(trouble="", failures=0)


def _chunks(tickets: Sequence[Ticket]) -> Iterable[Sequence[Ticket]]:
    return (tickets[start : start + PER_PAGE] for start in range(0, len(tickets), PER_PAGE))


def _note(desk: ForeignDesk, trouble: Trouble | None) -> None:
    now, found = timezone.now(), ForeignDesk.objects.filter(pk=desk.pk)
    if trouble is None:
        found.update(trouble="", failures=0, failing_since=None, well_at=now, next_poll_at=now + POLL)
        return
    wait = WAITS[min(desk.failures, len(WAITS) - 1)]
    found.update(
        trouble=str(trouble),
        failures=desk.failures + 1,
        failing_since=desk.failing_since or now,
        next_poll_at=now + wait,
    )


@transaction.atomic
def mirror_now(*, actor: Person, ticket: Ticket) -> None:
    """Let a ticket be mirrored at once, also one that rests or was stopped by a seal that is open again."""
    require_handler(actor, ticket.incident)
    incident = hold(ticket.incident_id)
    if incident.sealed:
        raise ValidationError(_("A sealed incident is mirrored nowhere."))
    now = timezone.now()
    going = Ticket.State.LIVE if ticket.number else Ticket.State.WAITING
    Ticket.objects.filter(pk=ticket.pk).update(
        state=going, unheard=True, next_attempt_at=now, counted_from=now, carried_at=None, trouble="", failures=0
    )
    ForeignDesk.objects.filter(pk=ticket.desk_id).update(next_poll_at=now)
    audit.record(actor, "exchange.ticket_now", incident, {"reference": ticket.reference})


@transaction.atomic
def begin_now(*, actor: Person, entity: IncidentEntity) -> Ticket:
    """Let a part have a ticket that was told of before its desk began."""
    require_handler(actor, entity.incident)
    desk = ForeignDesk.objects.filter(organisation=entity.organisation_id, active=True).first()
    if desk is None:
        raise ValidationError(_("This organisation has no desk that runs."))
    if not queries.told(entity):
        raise ValidationError(_("Tell the organisation first: what it was not told of becomes no ticket there."))
    made = begin_ticket(desk, entity)
    if made is None:
        raise ValidationError(_("There is a ticket already, or the incident is sealed."))
    audit.record(actor, "exchange.ticket_now", entity.incident, {"reference": made.reference})
    return made


def stop_for_seal(incidents: Collection[Incident]) -> None:
    """Stop what is mirrored of incidents that are being sealed, in the transaction that seals them."""
    tickets = Ticket.objects.select_for_update().filter(incident__in=incidents).order_by("pk")
    stopped = list(tickets)
    Passing.objects.filter(ticket__in=stopped, way=Passing.Way.OUT, state=Passing.State.SENDING).update(
        state=Passing.State.DROPPED
    )
    said = _("The incident was sealed.")
    Ticket.objects.filter(pk__in=[ticket.pk for ticket in stopped]).update(
        state=Ticket.State.STOPPED, trouble=said, unheard=False
    )
    audit.record_many(None, "exchange.ticket_stop", stopped)


def called(uuid: UUID, identity: str, timestamp: str, signature: str, body: bytes, number: str) -> bool:
    """Take a signed call of an organisation's system that a ticket changed; False when it is not signed as it must be.

    A call tells nothing but that: what changed is asked for there. It answers the same whatever ticket it names.
    """
    desk = ForeignDesk.objects.filter(uuid=uuid, active=True).first()
    if (
        desk is None
        or not timestamp.isascii()
        or not timestamp.isdecimal()
        or len(timestamp) > 12
        or abs(time.time() - int(timestamp)) > OLD
    ):
        return False
    wanted = webhooks.signature(hook_secret(desk), identity, int(timestamp), body)
    if not any(hmac.compare_digest(wanted.encode(), given.encode()) for given in signature.split()[:5]):
        return False
    if queries.to_hear(desk).filter(number=number, unheard=False).update(unheard=True):
        ForeignDesk.objects.filter(pk=desk.pk, failures=0).update(next_poll_at=timezone.now())
    return True
