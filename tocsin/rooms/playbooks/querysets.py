"""Which playbooks, and which of their runs, a person may see."""

from __future__ import annotations

from typing import Any, Self

from django.db import models

from tocsin.platform.access import scope_of


class PlaybookQuerySet(models.QuerySet[Any]):
    """Scopes every read of playbooks: they are the house's, for whoever handles incidents."""

    def visible_to(self, user: Any) -> Self:
        """Keep all for people who may see incidents in full somewhere, none for others."""
        return self if scope_of(user).allows("incidents.view") else self.none()


class RunQuerySet(models.QuerySet[Any]):
    """Scopes every read of runs: they are as visible as their incident in full."""

    def visible_to(self, user: Any) -> Self:
        """Keep the runs of incidents that ``user`` sees in full."""
        from tocsin.rooms.incidents.models import Incident

        return self.filter(incident__in=Incident.objects.handled_by(user))
