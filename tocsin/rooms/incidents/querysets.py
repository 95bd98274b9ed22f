"""Which incidents, and which parts of them, a person may see."""

from __future__ import annotations

from typing import Any, Self

from django.db import models
from django.db.models import Exists, OuterRef, Q

from tocsin.platform.access import Scope, scope_of


def _concerning(organisations: frozenset[int]) -> Exists:
    from tocsin.rooms.incidents.models import IncidentEntity

    return Exists(IncidentEntity.objects.filter(incident=OuterRef("pk"), organisation__in=organisations))


def _named(scope: Scope) -> Exists:
    from tocsin.rooms.incidents.models import Seal

    return Exists(Seal.objects.filter(incident=OuterRef("pk"), person=scope.person))


def _handled(scope: Scope) -> Q:
    """What a handler may see in full: their organisations', their teams', what they opened while in office."""
    teams = scope.teams("incidents.view")
    handled = Q(_concerning(scope.organisations("incidents.view")))
    if teams:
        handled |= Q(owner_team__in=teams) | Q(offered_to__in=teams)
    if scope.allows("incidents.view"):
        handled |= Q(opened_by=scope.person)
    return handled


class IncidentQuerySet(models.QuerySet[Any]):
    """Scopes every read of incidents. A sealed incident exists for the people named in its seal and nobody else."""

    def visible_to(self, user: Any) -> Self:
        """Keep the incidents ``user`` may know of, be it in full or only the part of an organisation."""
        scope = scope_of(user)
        mine = Q(sealed=False) & (_handled(scope) | Q(_concerning(scope.organisations("incidents.part"))))
        return self.filter(mine | Q(sealed=True) & Q(_named(scope)))

    def handled_by(self, user: Any) -> Self:
        """Keep the visible incidents that ``user`` may see in full."""
        scope = scope_of(user)
        return self.filter(Q(sealed=False) & _handled(scope) | Q(sealed=True) & Q(_named(scope)))
