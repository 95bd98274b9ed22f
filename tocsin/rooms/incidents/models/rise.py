"""What nobody answers for, and so rises to whoever coordinates."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from tocsin.platform.identity import Identified
from tocsin.rooms.constituency.models import Organisation, Team
from tocsin.rooms.incidents.models.hand_off import HandOff
from tocsin.rooms.incidents.models.incident import Incident
from tocsin.rooms.incidents.querysets import RiseQuerySet


class Rise(Identified):
    """Work that stands still since a moment: a hand-off without an answer or taker, an incident nobody owns.

    ``risen_at`` is when it came to whoever holds ``role``; before, it is only watched. ``team``, ``organisation`` and
    ``person`` say who had it. It is settled once somebody takes it, or once its reason is gone: then by nobody.
    """

    class Reason(models.TextChoices):
        UNANSWERED = "unanswered", _("no answer in time")
        REFUSED = "refused", _("refused, and nobody takes it on")
        NO_OWNER = "no_owner", _("nobody owns the incident")
        NO_TEAM = "no_team", _("no team has the incident")

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="rises")
    hand_off = models.ForeignKey(HandOff, null=True, on_delete=models.CASCADE, related_name="rises")
    reason = models.CharField(max_length=12, choices=Reason.choices)
    role = models.CharField(max_length=30)
    since = models.DateTimeField()
    risen_at = models.DateTimeField(null=True, blank=True)
    team = models.ForeignKey(Team, null=True, on_delete=models.PROTECT, related_name="+")
    organisation = models.ForeignKey(Organisation, null=True, on_delete=models.PROTECT, related_name="+")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    settled_at = models.DateTimeField(null=True, blank=True)
    settled_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    answer = models.TextField(blank=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = RiseQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["since", "id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["hand_off", "reason"], condition=~Q(hand_off=None), name="a_hand_off_rises_once"
            ),
            models.UniqueConstraint(
                fields=["incident", "reason"],
                condition=Q(hand_off=None, settled_at=None),
                name="an_incident_rises_once_at_a_time",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["since", "id"], name="rises_open", condition=Q(settled_at=None)),
            models.Index(fields=["-updated_at", "-id"], name="rises_newest"),
        ]

    def __str__(self) -> str:
        return str(self.get_reason_display())
