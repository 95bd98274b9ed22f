"""Which alerts a person may see."""

from __future__ import annotations

from typing import Any, Self

from django.db import connections, models
from django.db.models import F, Q, Value
from django.db.models.functions import Coalesce

from tocsin.platform.access import scope_of

NOWHERE = 0  # no organisation has this id


class AlertQuerySet(models.QuerySet[Any]):
    """Scopes every read of alerts."""

    def visible_to(self, user: Any, verb: str = "alerts.view") -> Self:
        """Keep the alerts where ``user`` may do ``verb``; the unattributed only for those who may see all."""
        scope = scope_of(user)
        organisations = scope.organisations(verb)
        unattributed = scope.everything(verb)
        if len(organisations) > 1 and connections[self.db].vendor == "sqlite":
            return self._in_list_order(organisations, unattributed)
        mine = Q(organisation__in=organisations)
        if unattributed:
            mine |= Q(organisation=None)
        return self.filter(mine)

    def _in_list_order(self, organisations: frozenset[int], unattributed: bool) -> Self:
        # SQLite keeps no statistics here: for several organisations it would read and sort all their alerts. An
        # expression is no use to an index, so it walks the list's own index and stops when the page is full.
        allowed = [*organisations, NOWHERE] if unattributed else [*organisations]
        place = Coalesce(F("organisation_id"), Value(NOWHERE)) if unattributed else F("organisation_id") + 0
        return self.alias(tocsin_place=place).filter(tocsin_place__in=allowed)
