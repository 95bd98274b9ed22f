"""Hand an incident to another team: offer, accept, refuse with a reason, withdraw."""

from __future__ import annotations

from datetime import timedelta

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from tocsin.platform import audit
from tocsin.platform.access import scope_of
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.constituency.models import Team
from tocsin.rooms.incidents import knowledge
from tocsin.rooms.incidents.actions.record import hold, note, require_handler
from tocsin.rooms.incidents.models import HandOff, Incident, TimelineEntry

ANSWER_WITHIN = timedelta(hours=1)


@transaction.atomic
def offer(*, actor: Person, incident: Incident, team: Team, text: str = "") -> HandOff:
    """Offer the incident to another team; it stays where it is until that team accepts."""
    require_handler(actor, incident, "incidents.open")
    incident.refresh_from_db(from_queryset=Incident.objects.select_for_update())
    if incident.sealed:
        raise ValidationError(_("A sealed incident is handed over by naming people in its seal."))
    if HandOff.objects.filter(incident=incident, state=HandOff.State.OFFERED).exists():
        raise ValidationError(_("An offer already waits for an answer; withdraw it first."))
    hand_off = HandOff.objects.create(
        incident=incident,
        from_team=incident.owner_team,
        to_team=team,
        sent_by=actor,
        note=text,
        due_at=timezone.now() + ANSWER_WITHIN,
    )
    incident.offered_to = team
    incident.save(update_fields=["offered_to", "updated_at"])
    audit.record(actor, "hand_off.offer", incident, {"to": team.code})
    note(incident, "offered", team=team, author=actor, kind=TimelineEntry.Kind.RESPONSE)
    return hand_off


def _waiting(actor: Person, hand_off: HandOff) -> HandOff:
    hold(hand_off.incident_id)
    current = HandOff.objects.select_for_update(of=("self",)).select_related("incident", "to_team").get(pk=hand_off.pk)
    if current.state != HandOff.State.OFFERED:
        raise ValidationError(_("This offer was already answered."))
    if not Incident.objects.visible_to(actor).filter(pk=current.incident_id).exists():
        raise PermissionDenied(_("You do not handle this incident."))
    return current


def _answer(hand_off: HandOff, *, actor: Person, state: str, reason: str = "") -> Incident:
    hand_off.state, hand_off.reason = state, reason
    hand_off.answered_by, hand_off.answered_at = actor, timezone.now()
    hand_off.save()
    incident = hand_off.incident
    incident.offered_to = None
    incident.save(update_fields=["offered_to", "updated_at"])
    audit.record(actor, f"hand_off.{state}", incident, {"team": hand_off.to_team.code, "reason": reason})
    return incident


@transaction.atomic
def accept(*, actor: Person, hand_off: HandOff) -> Incident:
    """Take over an offered incident: the actor's team handles it from now on, the actor owns it."""
    current = _waiting(actor, hand_off)
    if current.to_team_id not in scope_of(actor).teams("incidents.work"):
        raise PermissionDenied(_("Only the team it was offered to can accept it."))
    incident = _answer(current, actor=actor, state=HandOff.State.ACCEPTED)
    incident.owner_team, incident.owner = current.to_team, actor
    incident.save(update_fields=["owner_team", "owner", "updated_at"])
    acknowledged = knowledge.next_state(incident.state, "acknowledge")
    if acknowledged:
        incident.state = acknowledged
        incident.save(update_fields=["state", "updated_at"])
    note(incident, "accepted", team=current.to_team, author=actor, kind=TimelineEntry.Kind.RESPONSE)
    return incident


@transaction.atomic
def refuse(*, actor: Person, hand_off: HandOff, reason: str) -> Incident:
    """Refuse an offered incident with a reason; it stays where it was."""
    if not reason.strip():
        raise ValidationError(_("Say why."))
    current = _waiting(actor, hand_off)
    if current.to_team_id not in scope_of(actor).teams("incidents.work"):
        raise PermissionDenied(_("Only the team it was offered to can refuse it."))
    note(
        current.incident,
        "refused",
        team=current.to_team,
        text=reason,
        author=actor,
        kind=TimelineEntry.Kind.RESPONSE,
    )
    return _answer(current, actor=actor, state=HandOff.State.REFUSED, reason=reason)


@transaction.atomic
def withdraw(*, actor: Person, hand_off: HandOff) -> Incident:
    """Take an offer back before it is answered."""
    require_handler(actor, hand_off.incident, "incidents.open")
    current = _waiting(actor, hand_off)
    note(current.incident, "withdrawn", team=current.to_team, author=actor)
    return _answer(current, actor=actor, state=HandOff.State.WITHDRAWN)
