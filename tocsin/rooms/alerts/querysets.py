"""Which alerts and which suppressions a person may see."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Self

from django.conf import settings
from django.db import connections, models
from django.db.models import Exists, F, OuterRef, Q, Value
from django.db.models.functions import Coalesce
from django.utils.module_loading import import_string

from tocsin.platform.access import Scope, scope_of

NOWHERE = 0  # no organisation has this id


class AlertQuerySet(models.QuerySet[Any]):
    """Scopes every read of alerts."""

    def visible_to(self, user: Any, verb: str = "alerts.view") -> Self:
        """Keep the alerts where ``user`` may do ``verb``; the unattributed only for those who may see all.

        Alerts of a sealed incident stay with the people named on it: their state and trail would tell of it.
        """
        scope = scope_of(user)
        sealed = import_string(settings.TOCSIN_ALERTS_SEALED_FROM)(scope.person)
        return self._in_reach(scope, verb).exclude(pk__in=sealed)

    def sealed(self) -> Self:
        """Keep the alerts that stand in a sealed incident, whoever is named on it."""
        return self.filter(pk__in=import_string(settings.TOCSIN_ALERTS_SEALED_FROM)(None))

    def _in_reach(self, scope: Scope, verb: str) -> Self:
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


class SuppressionQuerySet(models.QuerySet[Any]):
    """Scopes every read of suppressions."""

    def visible_to(self, user: Any, verb: str = "alerts.view") -> Self:
        """Keep those that reach a place where ``user`` may do ``verb``.

        ``beyond`` says that one also reaches others: what it hid there is not for them, and not theirs to change.
        """
        scope = scope_of(user)
        reach = self.model.places.through.objects.filter(suppression=OuterRef("pk"))
        here = scope.organisations(verb)
        mine = Q(Exists(reach.filter(organisation__in=here)))
        if scope.everything(verb):
            mine |= Q(organisation=None, everywhere=False)
        return self.filter(mine).annotate(beyond=Exists(reach.exclude(organisation__in=here)))

    def in_force(self, now: datetime) -> Self:
        """Keep those that keep alerts quiet at a moment."""
        return self.filter(ended_at=None, until__gt=now)
