"""Which alerts a person may see."""

from __future__ import annotations

from typing import Any, Self

from django.db import models
from django.db.models import Q

from tocsin.platform.access import scope_of


class AlertQuerySet(models.QuerySet[Any]):
    """Scopes every read of alerts."""

    def visible_to(self, user: Any) -> Self:
        """Keep the alerts of organisations where ``user`` may see alerts; the unattributed for those who may see all."""
        scope = scope_of(user)
        mine = Q(organisation__in=scope.organisations("alerts.view"))
        if scope.everything("alerts.view"):
            mine |= Q(organisation=None)
        return self.filter(mine)
