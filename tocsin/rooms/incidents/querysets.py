"""Which incidents, and which parts of them, a person may see."""

from __future__ import annotations

from typing import Any, Self

from django.db import models
from django.db.models import Exists, OuterRef, Q

from tocsin.platform.access import scope_of


def _concerning(organisations: frozenset[int]) -> Exists:
    from tocsin.rooms.incidents.models import IncidentEntity

    return Exists(IncidentEntity.objects.filter(incident=OuterRef("pk"), organisation__in=organisations))


class IncidentQuerySet(models.QuerySet[Any]):
    """Scopes every read of incidents. A sealed incident exists for the people named in its seal and nobody else."""

    def visible_to(self, user: Any) -> Self:
        """Keep the incidents ``user`` may know of, be it in full or only the part of an organisation."""
        scope = scope_of(user)
        organisations = scope.organisations("incidents.view", "incidents.part")
        teams = scope.teams("incidents.view")
        open_ones = Q(sealed=False) & (
            Q(_concerning(organisations)) | Q(owner_team__in=teams) | Q(offered_to__in=teams) | Q(opened_by=scope.person)
        )
        return self.filter(open_ones | Q(sealed=True, seals__person=scope.person))

    def handled_by(self, user: Any) -> Self:
        """Keep the visible incidents that ``user`` may see in full."""
        scope = scope_of(user)
        teams = scope.teams("incidents.view")
        whole = (
            Q(_concerning(scope.organisations("incidents.view")))
            | Q(owner_team__in=teams)
            | Q(offered_to__in=teams)
            | Q(opened_by=scope.person)
            | Q(sealed=True)
        )
        return self.visible_to(user).filter(whole)
