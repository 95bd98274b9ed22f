"""Reads of suppressions; each starts at what the person may see."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone

from tocsin.platform.access import scope_of
from tocsin.rooms.alerts.models import SOON, Alert, Suppression, SuppressionChange
from tocsin.rooms.alerts.queries.alerts import place_of
from tocsin.rooms.alerts.querysets import NOWHERE
from tocsin.rooms.alerts.schemas import BY_LEVEL, Standing, SuppressionFilters
from tocsin.rooms.constituency.models import Organisation
from tocsin.rooms.notifications.knowledge import Shown, Source
from tocsin.rooms.rules import queries as rules

TRIAGE = "alerts.triage"


def suppressions(user: Any, filters: SuppressionFilters) -> QuerySet[Suppression]:
    """Give the suppressions that match and that reach a place whose alerts ``user`` may see."""
    found = _standing(Suppression.objects.visible_to(user), filters.state)
    if filters.organisation:
        place = place_of(filters.organisation)
        found = found.filter(places=place) if place is not None else found.filter(organisation=None, everywhere=False)
    if filters.rule:
        found = found.filter(rule_id=filters.rule)
    if filters.mine:
        found = found.filter(owner=user)
    return found.select_related("organisation", "owner", "ended_by")


def _standing(found: QuerySet[Suppression], state: str) -> QuerySet[Suppression]:
    now = timezone.now()
    in_force = Q(ended_at=None, until__gt=now)
    which = {
        Standing.IN_FORCE: in_force,
        Standing.SOON: in_force & Q(until__lte=now + SOON),
        Standing.ENDED: Q(until__lte=now) | Q(ended_at__isnull=False),
        Standing.ALL: Q(),
    }
    return found.filter(which[Standing(state)]) if state in Standing.values else found.none()


def ending_suppressions(user: Any) -> QuerySet[Suppression]:
    """Give those that end soon where ``user`` decides on alerts, the soonest first; for the desk."""
    found = _standing(Suppression.objects.visible_to(user, TRIAGE), Standing.SOON)
    return found.select_related("organisation", "owner").order_by("until", "id")


def suppression_or_404(user: Any, uuid: UUID) -> Suppression:
    """Give one suppression ``user`` may see."""
    known: QuerySet[Suppression] = Suppression.objects.visible_to(user)
    return get_object_or_404(known.select_related("organisation", "owner", "ended_by"), uuid=uuid)


def suppression_trail(suppression: Suppression) -> QuerySet[SuppressionChange]:
    """Give who did what with it, oldest first."""
    return suppression.changes.select_related("author")


def alert_as_it_stands_or_404(user: Any, uuid: UUID) -> Alert:
    """Give one alert ``user`` may see, and which suppression (``quiet``) keeps more like it out of the queue."""
    held = _covering(user).order_by("-until", "-id")
    found: QuerySet[Alert] = Alert.objects.visible_to(user).select_related(
        "organisation", "assignee", "suppression__organisation", "suppression__owner"
    )
    quiet = {"quiet": Subquery(held.values("uuid")[:1]), "quiet_until": Subquery(held.values("until")[:1])}
    return get_object_or_404(found.annotate(**quiet), uuid=uuid)


def _covering(user: Any) -> QuerySet[Suppression]:
    """Give the suppressions in force that reach the alert of the query around this one."""
    known: QuerySet[Suppression] = Suppression.objects.visible_to(user).in_force(timezone.now())
    placed = known.annotate(place=Coalesce("places", NOWHERE)).filter(Q(everywhere=False) | ~Q(place=NOWHERE))
    subject = Q(subject="") | Q(subject=OuterRef("subject"))
    return placed.filter(subject, rule_id=OuterRef("rule_id"), place=Coalesce(OuterRef("organisation"), NOWHERE))


def may_change(user: Any, suppression: Suppression) -> bool:
    """Tell whether ``user`` decides on alerts wherever the suppression reaches."""
    places = set(suppression.places.values_list("pk", flat=True))
    if not places:
        return not suppression.everywhere and scope_of(user).everything(TRIAGE)
    return places <= scope_of(user).organisations(TRIAGE)


def places_to_triage(user: Any) -> QuerySet[Organisation]:
    """Give the organisations on whose alerts ``user`` decides."""
    return Organisation.objects.filter(pk__in=scope_of(user).organisations(TRIAGE)).order_by("code")


def may_triage_unattributed(user: Any) -> bool:
    """Tell whether ``user`` decides on alerts that belong to no organisation."""
    return scope_of(user).everything(TRIAGE)


def title_of(user: Any, rule: str) -> str:
    """Give the title of a rule, from an alert that ``user`` sees when the rule is no longer there; else nothing."""
    known = rules.latest(rule)
    if known is not None:
        return known.title
    seen = Alert.objects.visible_to(user).filter(rule_id=rule).order_by(*BY_LEVEL)
    return seen.values_list("title", flat=True).first() or ""


def _seen(user: Any) -> QuerySet[Suppression]:
    found: QuerySet[Suppression] = Suppression.objects.visible_to(user)
    return found


def _shown(user: Any, things: Collection[int]) -> Mapping[int, Shown]:
    """Give what lines about these suppressions show."""
    return {
        each.pk: Shown(each.rule_id, str(each), reverse("suppression", args=[each.uuid]))
        for each in _seen(user).filter(pk__in=things)
    }


SOURCE = Source("suppression", Suppression, _seen, _shown)
