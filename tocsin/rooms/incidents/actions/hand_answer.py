"""Receive, accept or refuse what was handed over, and take back what was not answered yet."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from tocsin.platform import audit
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.incidents import knowledge, queries
from tocsin.rooms.incidents.actions.hand_over import tell_part
from tocsin.rooms.incidents.actions.record import hold, note
from tocsin.rooms.incidents.actions.rises import settle_hand_off, settle_owner
from tocsin.rooms.incidents.actions.telling import tell_answered
from tocsin.rooms.incidents.models import HandOff, Incident, IncidentEntity, TimelineEntry

ENDS = ("from_organisation", "to_organisation", "to_team")


@transaction.atomic
def receive(*, actor: Person, hand_off: HandOff) -> bool:
    """Note when somebody of the receiver first opened it; give whether this was it."""
    if hand_off.received_at is not None or not queries.may_answer_hand_off(actor, hand_off):
        return False
    now = timezone.now()
    first = HandOff.objects.filter(pk=hand_off.pk, received_at=None, state=HandOff.State.OFFERED)
    if not first.update(received_at=now, received_by=actor, updated_at=now):
        return False
    hand_off.received_at, hand_off.received_by = now, actor
    audit.record(actor, "hand_off.receive", hand_off.incident, {"hand_off": str(hand_off.uuid)})
    return True


@transaction.atomic
def accept(*, actor: Person, hand_off: HandOff) -> Incident:
    """Accept what was handed over; an incident that moves is then the actor's team's, and the actor owns it."""
    current = _waiting(actor, hand_off)
    if not queries.may_answer_hand_off(actor, current):
        raise PermissionDenied(_("Only the receiver it was handed to can accept it."))
    incident = _answer(current, actor=actor, state=HandOff.State.ACCEPTED)
    if not current.moves:
        tell_part(current, "hand_accepted", actor, _part(current))
        return incident
    incident.owner_team, incident.owner = current.to_team, actor
    incident.save(update_fields=["owner_team", "owner", "updated_at"])
    settle_owner(incident, actor)
    acknowledged = knowledge.next_state(incident.state, "acknowledge")
    if acknowledged:
        incident.state = acknowledged
        incident.save(update_fields=["state", "updated_at"])
    note(incident, "accepted", team=current.receiver, author=actor, kind=TimelineEntry.Kind.RESPONSE)
    return incident


@transaction.atomic
def refuse(*, actor: Person, hand_off: HandOff, reason: str) -> Incident:
    """Refuse what was handed over with a reason; it stays where it was."""
    if not reason.strip():
        raise ValidationError(_("Say why."))
    current = _waiting(actor, hand_off)
    if not queries.may_answer_hand_off(actor, current):
        raise PermissionDenied(_("Only the receiver it was handed to can refuse it."))
    incident = _answer(current, actor=actor, state=HandOff.State.REFUSED, reason=reason)
    if current.moves:
        note(incident, "refused", team=current.receiver, text=reason, author=actor, kind=TimelineEntry.Kind.RESPONSE)
    else:
        tell_part(current, "hand_refused", actor, _part(current), reason)
    return incident


@transaction.atomic
def withdraw(*, actor: Person, hand_off: HandOff) -> Incident:
    """Take back what was not answered yet."""
    current = _waiting(actor, hand_off)
    if not queries.may_withdraw(actor, current):
        raise PermissionDenied(_("Only whoever handed it over takes it back."))
    incident = _answer(current, actor=actor, state=HandOff.State.WITHDRAWN)
    if current.moves:
        note(incident, "withdrawn", team=current.receiver, author=actor)
    else:
        tell_part(current, "hand_withdrawn", actor, _part(current))
    return incident


def _waiting(actor: Person, hand_off: HandOff) -> HandOff:
    """Hold a hand-off and its incident, if the person may know of it and it still waits."""
    hold(hand_off.incident_id)
    held = HandOff.objects.select_for_update(of=("self",)).select_related("incident", *ENDS)
    current: HandOff = held.get(pk=hand_off.pk)
    if not HandOff.objects.visible_to(actor).filter(pk=current.pk).exists():
        raise PermissionDenied(_("You do not handle this incident."))
    if current.state != HandOff.State.OFFERED:
        raise ValidationError(
            _("%(person)s was first: this is %(state)s already.")
            % {"person": current.answered_by, "state": current.get_state_display()}
        )
    return current


def _answer(hand_off: HandOff, *, actor: Person, state: str, reason: str = "") -> Incident:
    now = timezone.now()
    hand_off.state, hand_off.reason = state, reason
    hand_off.answered_by, hand_off.answered_at = actor, now
    if state != HandOff.State.WITHDRAWN and hand_off.received_at is None:
        hand_off.received_by, hand_off.received_at = actor, now
    hand_off.save()
    tell_answered(hand_off, actor=actor)
    settle_hand_off(hand_off, actor if state == HandOff.State.ACCEPTED else None)
    incident = hand_off.incident
    if hand_off.moves:
        incident.offered_to = None
        incident.save(update_fields=["offered_to", "updated_at"])
    details = {"hand_off": str(hand_off.uuid), "to": hand_off.receiver.code, "reason": reason}
    audit.record(actor, f"hand_off.{state}", incident, details)
    return incident


def _part(hand_off: HandOff) -> IncidentEntity | None:
    """Give the part it is about, when one end is an organisation."""
    place = hand_off.to_organisation_id or hand_off.from_organisation_id
    return None if place is None else hand_off.incident.entities.filter(organisation=place).first()
