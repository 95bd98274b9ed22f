"""What ties incidents to each other: links made by hand or by a split, and what was merged into what."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from tocsin.platform.identity import Identified
from tocsin.rooms.incidents.models.incident import Incident


class Relation(Identified):
    """Two incidents that have to do with each other, and why. ``first`` is the one with the lower inner id."""

    class Kind(models.TextChoices):
        RELATED = "related", _("related")
        SPLIT = "split", _("split off")

    first = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="+")
    second = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=8, choices=Kind.choices, default=Kind.RELATED)
    reason = models.TextField(blank=True)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["first", "second"], name="related_once"),
            models.CheckConstraint(condition=models.Q(first__lt=F("second")), name="relation_goes_upwards"),
        ]


class Merge(Identified):
    """One incident merged into another. ``moved`` names what went over, by inner ids, so that it can be taken apart."""

    source = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="merges")
    target = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="+")
    done_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    reason = models.TextField(blank=True)
    state_before = models.CharField(max_length=20, choices=Incident.State.choices)
    moved = models.JSONField(default=dict)
    undone_at = models.DateTimeField(null=True, blank=True)
    undone_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["source"], condition=models.Q(undone_at=None), name="merged_once"),
        ]
