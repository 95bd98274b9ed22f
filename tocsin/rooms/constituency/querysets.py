"""Which part of the constituency a person may see."""

from __future__ import annotations

from typing import Any, Self

from django.db import models
from django.db.models import Q
from django.utils import timezone

from tocsin.platform.access import scope_of

VERB = "constituency.view"


def places(user: Any, verb: str = VERB) -> frozenset[int]:
    """Give the organisations where a person may do ``verb``."""
    return scope_of(user).organisations(verb)


class OrganisationQuerySet(models.QuerySet[Any]):
    """Scopes every read of organisations."""

    def visible_to(self, user: Any, verb: str = VERB) -> Self:
        """Keep the organisations where ``user`` may do ``verb``."""
        return self.filter(pk__in=places(user, verb))


class TeamQuerySet(models.QuerySet[Any]):
    """Scopes every read of teams."""

    def visible_to(self, user: Any, verb: str = VERB) -> Self:
        """Keep the teams that serve, or stand at, an organisation the person may see, and their own."""
        mine = places(user, verb)
        paths = self.model.organisation.field.related_model.objects.filter(pk__in=mine).values_list("path", flat=True)
        above = {int(part) for path in paths for part in path.split("/") if part}
        serving = Q(mandates__organisation__in=mine) | Q(mandates__organisation__in=above, mandates__subtree=True)
        own = Q(pk__in=scope_of(user).teams()) | Q(organisation__in=mine)
        return self.filter(pk__in=self.model.objects.filter(serving | own).values("pk"))


class AtOrganisationQuerySet(models.QuerySet[Any]):
    """Scopes what belongs to one organisation: contacts and assets."""

    def visible_to(self, user: Any, verb: str = VERB) -> Self:
        """Keep what belongs to organisations where ``user`` may do ``verb``."""
        return self.filter(organisation__in=places(user, verb))


class MembershipQuerySet(models.QuerySet[Any]):
    """Scopes every read of memberships."""

    def visible_to(self, user: Any, verb: str = VERB) -> Self:
        """Keep the roles held at organisations, and in teams, that the person may see."""
        teams = self.model.team.field.related_model.objects.visible_to(user, verb).values("pk")
        return self.filter(Q(organisation__in=places(user, verb)) | Q(team__in=teams))

    def valid(self) -> Self:
        """Keep the roles that are held at this moment."""
        now = timezone.now()
        begun = Q(valid_from=None) | Q(valid_from__lte=now)
        return self.filter(begun, Q(valid_to=None) | Q(valid_to__gt=now))
