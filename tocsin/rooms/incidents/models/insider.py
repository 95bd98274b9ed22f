"""Misuse of IT by insiders: why it is looked into, its personal content, and who may open which of it until when.

The content itself lies in the strongroom and in no field here: whatever reads incidents, timelines and evidence cannot
come upon it.
"""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tocsin.platform.identity import Identified
from tocsin.rooms.artefacts.models import Artefact
from tocsin.rooms.incidents.models.incident import Incident
from tocsin.rooms.incidents.querysets import OfSealedQuerySet


class InsiderCase(Identified):
    """That an incident is about misuse by an insider; ``subject`` is the person concerned, if they have an account."""

    incident = models.OneToOneField(Incident, on_delete=models.PROTECT, related_name="insider")
    purpose = models.CharField(max_length=40)  # of `insider.yaml`
    basis = models.CharField(max_length=40)
    text = models.TextField()
    subject = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    opened_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")


class PersonalItem(Identified):
    """One piece of personal content, a note or a file: what kind it is, and nothing of what stands in it."""

    class Form(models.TextChoices):
        NOTE = "note", _("note")
        FILE = "file", _("file")

    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="personal_items")
    number = models.PositiveIntegerField()
    form = models.CharField(max_length=4, choices=Form.choices)
    kind = models.CharField(max_length=40)  # of `insider.yaml`
    artefact = models.OneToOneField(Artefact, on_delete=models.PROTECT, related_name="personal_item")
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    objects = OfSealedQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["number"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["incident", "number"], name="personal_item_number")]

    def __str__(self) -> str:
        return f"P{self.number}"


class PersonalAccess(Identified):
    """That a person asked to open one item, for a purpose, and what a second person answered.

    ``opened`` counts how often it was opened by it; each time stands in the chain of custody and the audit trail.
    """

    class State(models.TextChoices):
        ASKED = "asked", _("waits for an answer")
        GRANTED = "granted", _("granted")
        REFUSED = "refused", _("refused")
        WITHDRAWN = "withdrawn", _("withdrawn")

    item = models.ForeignKey(PersonalItem, on_delete=models.PROTECT, related_name="accesses")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    purpose = models.TextField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.ASKED)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True)
    reason = models.TextField(blank=True)
    until = models.DateTimeField(null=True)
    withdrawn_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    withdrawn_at = models.DateTimeField(null=True)
    asked_again_at = models.DateTimeField(null=True)  # when those who may answer were last reminded
    opened = models.PositiveIntegerField(default=0)
    opened_at = models.DateTimeField(null=True)

    objects = OfSealedQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["item", "person"], condition=Q(state="asked"), name="asked_once_at_a_time"),
            models.CheckConstraint(
                condition=Q(decided_by=None) | ~Q(decided_by=F("person")), name="nobody_grants_their_own"
            ),
            models.CheckConstraint(
                condition=~Q(state="granted") | Q(decided_by__isnull=False, until__isnull=False),
                name="granted_by_somebody_until",
            ),
            models.CheckConstraint(condition=~Q(state="refused") | ~Q(reason=""), name="access_refused_with_a_reason"),
            models.CheckConstraint(condition=~Q(purpose=""), name="access_has_a_purpose"),
        ]
        indexes: ClassVar = [models.Index(fields=["id"], name="access_asked", condition=Q(state="asked"))]

    @property
    def in_force(self) -> bool:
        """Tell whether the item can be opened by it now."""
        return self.state == self.State.GRANTED and self.until is not None and timezone.now() < self.until
