"""Suppressions: what is known to be noise, at a place, for some time. Its alerts are kept, out of the queue."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tocsin.platform.identity import Identified
from tocsin.rooms.alerts.querysets import SuppressionQuerySet
from tocsin.rooms.constituency.models import Organisation

LONGEST = timedelta(days=90)  # ahead of whoever makes or prolongs one
SOON = timedelta(days=7)  # before its end it stands on the desk


class Suppression(Identified):
    """A rule kept quiet until a day: at one organisation, at all those its owner worked for when it was made
    (``everywhere``), or for what belongs to nobody. ``places`` are the organisations it reaches."""

    class State(models.TextChoices):
        IN_FORCE = "in_force", gettext_lazy("in force")
        SOON = "soon", gettext_lazy("ends soon")
        ENDED = "ended", gettext_lazy("ended")

    rule_id = models.CharField(max_length=80)
    title = models.CharField(max_length=300)  # the rule's, when it was made
    organisation = models.ForeignKey(
        Organisation, null=True, blank=True, on_delete=models.PROTECT, related_name="suppressions"
    )
    everywhere = models.BooleanField(default=False)
    places = models.ManyToManyField(Organisation, related_name="+")
    subject = models.CharField(max_length=255, blank=True)
    reason = models.TextField()
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    until = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)  # lifted early
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    hidden = models.BigIntegerField(default=0)  # alerts it kept quiet
    last_hidden_at = models.DateTimeField(null=True, blank=True)
    reminded_at = models.DateTimeField(null=True, blank=True)  # when its owner was told that it ends soon
    updated_at = models.DateTimeField(auto_now=True)

    objects = SuppressionQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=~Q(rule_id="") & ~Q(reason=""), name="suppression_says_what_and_why"),
            models.CheckConstraint(condition=Q(until__gt=F("created_at")), name="suppression_lasts"),
            models.CheckConstraint(
                condition=Q(everywhere=False) | Q(organisation__isnull=True), name="suppression_one_place_or_all"
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, ended_by__isnull=True)
                | Q(ended_at__isnull=False, ended_by__isnull=False),
                name="suppression_lifted_by_somebody",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["until", "id"], name="suppression_expiry"),
            models.Index(fields=["rule_id", "until"], name="suppression_rule"),
            models.Index(fields=["updated_at", "id"], name="suppression_updated"),
        ]

    def __str__(self) -> str:
        return f"{self.title} – {self.subject}" if self.subject else self.title

    @property
    def in_force(self) -> bool:
        """Tell whether it keeps alerts quiet now."""
        return self.ended_at is None and self.until > timezone.now()

    @property
    def state(self) -> Suppression.State:
        """Give how it stands now."""
        if not self.in_force:
            return self.State.ENDED
        return self.State.SOON if self.until <= timezone.now() + SOON else self.State.IN_FORCE

    @property
    def where(self) -> str:
        """Say where it holds."""
        if self.organisation is not None:
            return self.organisation.code
        if self.everywhere:
            return _("all that %(person)s works for") % {"person": self.owner}
        return _("nobody's")

    @property
    def counted(self) -> int | None:
        """Give how many alerts it hid, to whoever sees all the places it reaches (see ``visible_to``)."""
        return None if getattr(self, "beyond", False) else self.hidden

    @property
    def last_hidden(self) -> datetime | None:
        """Give when it last hid something, to the same people."""
        return None if getattr(self, "beyond", False) else self.last_hidden_at


class SuppressionChange(Identified):
    """What a person did with a suppression, why, and until when it holds since."""

    class Event(models.TextChoices):
        MAKE = "make", gettext_lazy("makes it")
        PROLONG = "prolong", gettext_lazy("prolongs it")
        LIFT = "lift", gettext_lazy("lifts it")

    suppression = models.ForeignKey(Suppression, on_delete=models.CASCADE, related_name="changes")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    event = models.CharField(max_length=8, choices=Event.choices)
    text = models.TextField(blank=True)
    until = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["id"]
