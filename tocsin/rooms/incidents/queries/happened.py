"""What a shift note says of incidents. All of a team reads it: nothing sealed is in it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from tocsin.rooms.constituency.models import Team
from tocsin.rooms.incidents.models import HandOff, Incident

NAMED = 10


def happened(user: Any, team: Team, since: datetime) -> Iterator[str]:
    """Say what a team opened and closed since a moment, what the person still has, and what waits for an answer."""
    ours = Incident.objects.visible_to(user).filter(sealed=False, owner_team=team)
    yield from _named(_("Opened: %s"), ours.filter(created_at__gte=since))
    yield from _named(_("Closed: %s"), ours.filter(closed_at__gte=since))
    yield from _named(_("Still with me: %s"), ours.filter(open=True, owner=user))
    waiting = HandOff.objects.received_by(user).filter(
        to_team=team, state=HandOff.State.OFFERED, incident__sealed=False
    )
    for hand_off in waiting.select_related("incident").defer("payload", "note").order_by("due_at", "id")[:NAMED]:
        yield _("Waits for our answer: %s") % f"{hand_off} {hand_off.incident.reference} {hand_off.incident.title}"


def _named(text: str, found: QuerySet[Incident]) -> Iterator[str]:
    for incident in found.order_by("-severity", "-id").only("reference", "title", "severity")[:NAMED]:
        yield text % f"{incident.reference} {incident.title} (S{incident.severity})"
