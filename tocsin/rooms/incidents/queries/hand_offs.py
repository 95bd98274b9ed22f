"""Hand-offs as lists and one by one, and what has risen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404
from django.utils import timezone

from tocsin.platform.access import scope_of
from tocsin.rooms.incidents.models import HandOff, Incident, Rise
from tocsin.rooms.incidents.queries.view import ENDS
from tocsin.rooms.incidents.querysets import ANSWER

BOXES = ("waiting", "answered", "sent", "all")
ORDERS: Mapping[str, tuple[str, ...]] = {
    "waiting": ("due_at", "id"),
    "answered": ("-updated_at", "-id"),
    "sent": ("-id",),
    "all": ("-id",),
}
LISTED = ("incident", *ENDS, "sent_by", "answered_by")
LATE = "yes"


def box_of(filters: Mapping[str, str]) -> str:
    """Give which box is asked for: what waits for us, when it is none of them."""
    asked = filters.get("box", "")
    return asked if asked in BOXES else BOXES[0]


def boxed(user: Any, filters: Mapping[str, str]) -> QuerySet[HandOff]:
    """Give the hand-offs of a box (`ORDERS` has its order); a value no filter knows matches nothing."""
    box = box_of(filters)
    if box == "waiting":
        found = waiting_for(user)
    elif box == "answered":
        found = HandOff.objects.received_by(user).exclude(state=HandOff.State.OFFERED)
    elif box == "sent":
        found = HandOff.objects.sent_from(user)
    else:
        found = HandOff.objects.visible_to(user)
    if state := filters.get("state"):
        found = found.filter(state=state)
    if route := filters.get("route"):
        found = found.filter(route=route)
    if team := filters.get("team"):
        found = found.filter(to_team__code=team)
    if filters.get("late") == LATE:
        found = found.filter(state=HandOff.State.OFFERED, due_at__lt=timezone.now())
    return found.select_related(*LISTED).defer("payload", "note")


def waiting_for(user: Any) -> QuerySet[HandOff]:
    """Give what waits for an answer of those the person may answer for, the soonest due on top."""
    scope = scope_of(user)
    waiting = HandOff.objects.received_by(user).filter(state=HandOff.State.OFFERED)
    found: QuerySet[HandOff] = waiting.select_related(*LISTED).defer("payload", "note").order_by("due_at", "id")
    return found if scope.allows(ANSWER) or scope.allows("incidents.part") else found.none()


def for_programs(user: Any) -> QuerySet[HandOff]:
    """Give all hand-offs the token's person may see, with what they hold."""
    found: QuerySet[HandOff] = HandOff.objects.visible_to(user)
    return found.select_related(*LISTED, "received_by")


def hand_off_or_404(user: Any, uuid: UUID) -> HandOff:
    """Give one hand-off, or the same answer as for one that does not exist."""
    found: HandOff | None = for_programs(user).filter(uuid=uuid).first()
    if found is None:
        raise Http404("hand-off")
    return found


def sees_hand_off(user: Any, uuid: UUID) -> bool:
    """Tell whether the person may still see a hand-off: who refused an incident may not."""
    found: bool = HandOff.objects.visible_to(user).filter(uuid=uuid).exists()
    return found


def may_answer_hand_off(user: Any, hand_off: HandOff) -> bool:
    """Tell whether the person answers for the receiver; who takes an incident over must be able to work on it."""
    scope = scope_of(user)
    if hand_off.to_organisation_id is not None:
        return scope.allows("incidents.answer", hand_off.to_organisation_id)
    return hand_off.to_team_id in scope.teams("incidents.work" if hand_off.moves else ANSWER)


def may_withdraw(user: Any, hand_off: HandOff) -> bool:
    """Tell whether the person is of the side that sent it, or handles its incident and may hand it over."""
    scope = scope_of(user)
    if hand_off.from_organisation_id is not None:
        return scope.allows("incidents.answer", hand_off.from_organisation_id)
    if hand_off.from_team_id in scope.teams("hand_offs.send"):
        return True
    handled = Incident.objects.handled_by(user).filter(pk=hand_off.incident_id)
    return scope.allows("incidents.open") and handled.exists()


def sees_incident(user: Any, hand_off: HandOff) -> bool:
    """Tell whether the incident itself may be shown, and not only what was handed over."""
    found: bool = Incident.objects.visible_to(user).filter(pk=hand_off.incident_id).exists()
    return found


def rises(user: Any, filters: Mapping[str, str]) -> QuerySet[Rise]:
    """Give what has risen and nobody has taken (``settled``: what was), the longest standing on top."""
    found = Rise.objects.visible_to(user).filter(settled_at__isnull=filters.get("settled") != "yes")
    if reason := filters.get("reason"):
        found = found.filter(reason=reason)
    found = found.select_related("incident", "hand_off__incident", "team", "organisation", "person", "settled_by")
    return found.defer("hand_off__payload", "hand_off__note")


def risen_to(user: Any) -> QuerySet[Rise]:
    """Give what has risen to a role the person holds, the longest standing on top."""
    return rises(user, {}).filter(role__in=scope_of(user).roles()).order_by("since", "id")


def rises_of(user: Any, hand_off: HandOff) -> list[Rise]:
    """Give how a hand-off has risen, as far as the person may see it."""
    found = Rise.objects.visible_to(user).filter(hand_off=hand_off)
    return list(found.select_related("settled_by").order_by("id"))


def rise_or_404(user: Any, uuid: UUID) -> Rise:
    """Give one thing that has risen."""
    found: Rise | None = Rise.objects.visible_to(user).select_related("incident").filter(uuid=uuid).first()
    if found is None:
        raise Http404("rise")
    return found
