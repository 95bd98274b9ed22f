"""Detection rules: the sets they came in, and those that cannot run."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from tocsin.platform.identity import Identified


class Level(models.IntegerChoices):
    """Sigma's levels, in order."""

    INFORMATIONAL = 0, _("informational")
    LOW = 1, _("low")
    MEDIUM = 2, _("medium")
    HIGH = 3, _("high")
    CRITICAL = 4, _("critical")


class RuleSet(Identified):
    """A folder of rules taken in at once."""

    name = models.CharField(max_length=80, unique=True)
    origin = models.CharField(max_length=300, blank=True)
    enabled = models.BooleanField(default=True)
    imported_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name


class Rule(Identified):
    """A rule of a set: the ``position``-th of the file at ``path``, whose whole text is kept here.

    ``version`` is the digest of the rule's content. A rule that cannot run has a ``refusal``: why.
    """

    rule_set = models.ForeignKey(RuleSet, on_delete=models.CASCADE, related_name="rules")
    path = models.CharField(max_length=300)
    position = models.PositiveSmallIntegerField(default=0)
    sigma_id = models.CharField(max_length=80, blank=True)
    title = models.CharField(max_length=300)
    description = models.TextField(blank=True)
    level = models.SmallIntegerField(choices=Level.choices, default=Level.INFORMATIONAL)
    status = models.CharField(max_length=20, blank=True)
    source = models.CharField(max_length=150, blank=True)  # what it looks at, in Sigma's words
    techniques = models.JSONField(default=list)
    version = models.CharField(max_length=64)
    text = models.TextField()
    line = models.PositiveIntegerField(null=True)  # of the trouble
    enabled = models.BooleanField(default=True)
    refusal = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering: ClassVar = ["-level", "title", "id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["rule_set", "path", "position"], name="one_rule_a_place"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["-level", "title", "id"], name="rule_list"),
            models.Index(fields=["-level", "title", "id"], name="rule_refused", condition=~Q(refusal="")),
            models.Index(fields=["sigma_id"], name="rule_sigma_id"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def runs(self) -> bool:
        """Tell whether it is among those that look at events."""
        return not self.refusal and self.enabled and self.rule_set.enabled
