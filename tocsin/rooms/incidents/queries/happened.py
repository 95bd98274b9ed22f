"""What a shift note says of incidents. All of a team reads it: nothing sealed is in it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from tocsin.rooms.constituency.models import Team
from tocsin.rooms.incidents.models import HandOff, Incident

NAMED, LOOKED_AT = 10, 60
SAID = ("reference", "title", "severity", "open", "owner", "created_at", "closed_at")


def happened(user: Any, team: Team, since: datetime) -> Iterator[str]:
    """Say what a team opened and closed since a moment, what the person still has, and what waits for an answer."""
    ours = Incident.objects.visible_to(user).filter(sealed=False, owner_team=team)
    told = Q(created_at__gte=since) | Q(closed_at__gte=since) | Q(open=True, owner=user)
    known = list(ours.filter(told).order_by("-severity", "-id").only(*SAID)[:LOOKED_AT])
    yield from _named(_("Opened: %s"), [each for each in known if each.created_at >= since])
    yield from _named(_("Closed: %s"), [each for each in known if each.closed_at and each.closed_at >= since])
    yield from _named(_("Still with me: %s"), [each for each in known if each.open and each.owner_id == user.pk])
    offered = HandOff.objects.received_by(user).filter(to_team=team, state=HandOff.State.OFFERED)
    waiting = offered.filter(incident__sealed=False).select_related("incident").defer("payload", "note")
    for hand_off in waiting.order_by("due_at", "id")[:NAMED]:
        yield _("Waits for our answer: %s") % f"{hand_off} {hand_off.incident.reference} {hand_off.incident.title}"


def _named(text: str, incidents: Sequence[Incident]) -> Iterator[str]:
    for incident in incidents[:NAMED]:
        yield text % f"{incident.reference} {incident.title} (S{incident.severity})"
