"""Evidence: what an artefact is in an incident, and who may see it."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from tocsin.platform.identity import Identified
from tocsin.platform.markings import TLP
from tocsin.rooms.artefacts.models import Artefact
from tocsin.rooms.incidents.models.incident import Audience, Incident, IncidentEntity


class Evidence(Identified):
    """A file in an incident, for the handling teams, one organisation and them, or everyone concerned.

    ``text`` is what was read in it, for the search, and only when whoever added it agreed; ``text_problem`` says why
    nothing was (`knowledge.TEXT_PROBLEMS`). ``updated_at`` also moves when its artefact changes.
    """

    class Reading(models.TextChoices):
        NO = "no", _("not searched")
        WAITING = "waiting", _("waits to be read")
        DONE = "done", _("searched")
        REFUSED = "refused", _("could not be read")

    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="evidence")
    entity = models.ForeignKey(IncidentEntity, null=True, blank=True, on_delete=models.PROTECT, related_name="evidence")
    audience = models.CharField(max_length=8, choices=Audience.choices, default=Audience.TEAM)
    artefact = models.OneToOneField(Artefact, on_delete=models.PROTECT, related_name="evidence")
    title = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    tlp = models.CharField(max_length=12, choices=TLP.choices, default=TLP.AMBER)
    collected_at = models.DateTimeField(null=True, blank=True)
    collected_by = models.CharField(max_length=200, blank=True)
    source = models.CharField(max_length=200, blank=True)
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    reading = models.CharField(max_length=8, choices=Reading.choices, default=Reading.NO)
    text = models.TextField(blank=True)
    text_problem = models.CharField(max_length=20, blank=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=~Q(audience=Audience.ENTITY) | Q(entity__isnull=False), name="evidence_for_one_has_one"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["incident", "-id"], name="evidence_of_incident"),
            models.Index(fields=["incident", "updated_at", "id"], name="evidence_updated"),
            models.Index(fields=["id"], name="evidence_to_read", condition=Q(reading="waiting")),
        ]

    def __str__(self) -> str:
        return self.title
