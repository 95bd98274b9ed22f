"""Which imports, mappings and ticket systems a person may see."""

from __future__ import annotations

from typing import Any, Self

from django.db import models

from tocsin.platform.access import scope_of

IMPORT, EXPORT, DESKS = "exchange.import", "exchange.export", "exchange.desks"


class ImportQuerySet(models.QuerySet[Any]):
    """Scopes every read of imports: what waits in one may be anybody's, so it is for whoever brought it alone."""

    def visible_to(self, user: Any) -> Self:
        """Keep the person's own, while they have the right to import."""
        scope = scope_of(user)
        return self.filter(created_by=scope.person) if scope.allows(IMPORT) else self.none()


class MappingQuerySet(models.QuerySet[Any]):
    """Scopes every read of mappings: they hold headings, and are shared by all who import."""

    def visible_to(self, user: Any) -> Self:
        """Keep all of them for whoever may import."""
        return self.all() if scope_of(user).allows(IMPORT) else self.none()


class ForeignDeskQuerySet(models.QuerySet[Any]):
    """Scopes every read of the ticket systems of organisations, for those who set them up."""

    def visible_to(self, user: Any, verb: str = DESKS) -> Self:
        """Keep those of organisations where the person may do ``verb``."""
        return self.filter(organisation__in=scope_of(user).organisations(verb))
