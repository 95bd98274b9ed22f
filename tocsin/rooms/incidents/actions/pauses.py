"""Stop the time of a deadline for a reason, and let it pass again; only where the policy allows it."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from tocsin.platform import audit
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.incidents.actions.deadlines import end_pause, line, sum_up
from tocsin.rooms.incidents.actions.record import note_many, require_handler
from tocsin.rooms.incidents.models import Deadline, Incident, TimelineEntry


@transaction.atomic
def pause(*, actor: Person, deadline: Deadline, reason: str) -> Deadline:
    """Stop the time of a deadline; it is not due while it is stopped."""
    current = _held(actor, deadline)
    if not reason.strip():
        raise ValidationError(_("Say why."))
    if not current.may_pause:
        raise ValidationError(_("The policy does not let this deadline be paused. Meet it, or explain why it is late."))
    if current.paused_at is not None:
        raise ValidationError(_("This deadline is paused already."))
    current.paused_at, current.pause_reason = timezone.now(), reason.strip()
    _keep(actor, current, "deadline_paused", text=current.pause_reason)
    return current


@transaction.atomic
def resume(*, actor: Person, deadline: Deadline) -> Deadline:
    """Let the time of a deadline pass again; it is due that much later."""
    current = _held(actor, deadline)
    if current.paused_at is None:
        raise ValidationError(_("This deadline is not paused."))
    end_pause(current, timezone.now())
    _keep(actor, current, "deadline_resumed", due=current.due_at.isoformat())
    return current


def _held(actor: Person, deadline: Deadline) -> Deadline:
    """Give the deadline as it is now, held with its incident until the transaction ends."""
    incident: Incident = Incident.objects.select_for_update(of=("self",)).get(pk=deadline.incident_id)
    require_handler(actor, incident)
    current: Deadline = Deadline.objects.select_for_update(of=("self",)).get(pk=deadline.pk)
    current.incident = incident
    if not current.open:
        raise ValidationError(_("This deadline is over."))
    return current


def _keep(actor: Person, deadline: Deadline, event: str, *, text: str = "", **details: str) -> None:
    deadline.save()
    incident: Incident = deadline.incident
    sum_up(incident, incident.deadlines.all())
    audit.record(actor, f"incident.{event}", incident, {"promise": deadline.kind, "reason": text, **details})
    entry = line(deadline, event, **details)
    entry.author, entry.text, entry.kind = actor, text, TimelineEntry.Kind.RESPONSE
    note_many(incident, [entry])
