"""Detection rules: the sets they came in, each version once, and those that cannot run."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
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


class Rule(Identified):
    """A rule of a set; ``version`` is the digest of its content, and the file is kept under TOCSIN_HOME/rules."""

    rule_set = models.ForeignKey(RuleSet, on_delete=models.CASCADE, related_name="rules")
    sigma_id = models.CharField(max_length=80)
    title = models.CharField(max_length=300)
    level = models.SmallIntegerField(choices=Level.choices, default=Level.MEDIUM)
    status = models.CharField(max_length=20, blank=True)
    techniques = models.JSONField(default=list)
    version = models.CharField(max_length=64)
    path = models.CharField(max_length=300)
    text = models.TextField()
    enabled = models.BooleanField(default=True)
    refusal = models.CharField(max_length=500, blank=True)  # why it cannot run; empty when it can

    class Meta:
        ordering: ClassVar = ["-level", "title", "id"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["rule_set", "path"], name="one_rule_a_path")]
        indexes: ClassVar = [
            models.Index(fields=["-level", "title", "id"], name="rule_list"),
            models.Index(fields=["sigma_id"], name="rule_sigma_id"),
        ]
