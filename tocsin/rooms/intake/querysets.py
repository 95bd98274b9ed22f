"""Which sources and receipts a person may see."""

from __future__ import annotations

from typing import Any, Self

from django.db import models
from django.db.models import Exists, Q

from tocsin.platform.access import scope_of
from tocsin.rooms.constituency.models import Organisation


def _of_mine(user: Any, prefix: str) -> Q:
    """Give the condition: sources of organisations in reach, and common ones for whoever looks after all of them."""
    scope = scope_of(user)
    mine = Q(**{f"{prefix}organisation__in": scope.organisations("intake.view")})
    if scope.everything("intake.view"):
        mine |= Q(**{f"{prefix}organisation": None})
    elif scope.allows("intake.manage"):
        mine |= Q(**{f"{prefix}organisation": None}) & manages_common(user)
    return mine


def manages_common(user: Any) -> Q:
    """Give the condition that a person manages the intake from the top of a tree: common sources carry everyone's."""
    managed = scope_of(user).organisations("intake.manage")
    return Q(Exists(Organisation.objects.filter(pk__in=managed, parent=None)))


class SourceQuerySet(models.QuerySet[Any]):
    """Scopes every read of sources."""

    def visible_to(self, user: Any) -> Self:
        """Keep the sources whose receipts ``user`` may see."""
        return self.filter(_of_mine(user, ""))


class ReceiptQuerySet(models.QuerySet[Any]):
    """Scopes every read of receipts."""

    def visible_to(self, user: Any) -> Self:
        """Keep the receipts of sources that ``user`` may see."""
        return self.filter(_of_mine(user, "source__"))
