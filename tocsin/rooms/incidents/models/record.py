"""What is written down of an incident: its timelines, and what they name."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tocsin.platform.identity import Identified
from tocsin.rooms.incidents.models.incident import Audience, Incident, IncidentEntity
from tocsin.rooms.intel.models import Observable


class TimelineEntry(Identified):
    """One thing that happened or was done, or a comment. Written by people and by the rooms.

    What the house says of it is ``event`` with ``details``, put into words when it is read, in the reader's language;
    ``text`` is what a person wrote. An entry that names another incident (``other``) is for those alone who may know of
    that one too. What its writer corrects stays as a `Version` of it. Pages add what it says, as ``said``.
    """

    said: str

    class Kind(models.TextChoices):
        ATTACK = "attack", _("attacker")
        RESPONSE = "response", _("response")
        COMMENT = "comment", _("comment")
        CHANGE = "change", _("change")

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="timeline")
    entity = models.ForeignKey(IncidentEntity, null=True, blank=True, on_delete=models.CASCADE, related_name="timeline")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    audience = models.CharField(max_length=8, choices=Audience.choices, default=Audience.TEAM)
    time = models.DateTimeField(default=timezone.now)
    event = models.CharField(max_length=40, blank=True)
    details = models.JSONField(default=dict)
    text = models.TextField(blank=True)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    other = models.ForeignKey(Incident, null=True, blank=True, on_delete=models.CASCADE, related_name="+")  # it names
    technique = models.CharField(max_length=9, blank=True)  # of ATT&CK
    pinned = models.BooleanField(default=False)
    corrected_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["time", "id"]
        indexes: ClassVar = [models.Index(fields=["incident", "time", "id"], name="timeline_of_incident")]


class Version(Identified):
    """What an entry said before its writer corrected it; ``created_at`` is when it was corrected."""

    entry = models.ForeignKey(TimelineEntry, on_delete=models.CASCADE, related_name="versions")
    time = models.DateTimeField()
    text = models.TextField(blank=True)
    technique = models.CharField(max_length=9, blank=True)

    class Meta:
        ordering: ClassVar = ["id"]


class Sighting(Identified):
    """An observable that a text of the incident names, for those who may read that text."""

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="sightings")
    observable = models.ForeignKey(Observable, on_delete=models.PROTECT, related_name="sightings")
    entity = models.ForeignKey(IncidentEntity, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    audience = models.CharField(max_length=8, choices=Audience.choices, default=Audience.TEAM)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["incident", "observable", "entity", "audience"], name="seen_once_in_a_part"
            ),
            models.UniqueConstraint(
                fields=["incident", "observable", "audience"], condition=Q(entity=None), name="seen_once"
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["observable", "incident"], name="sighting_observable")]
