"""An import from the file to the incidents: nothing of it is an incident until a person has looked and said so."""

from __future__ import annotations

import json
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tocsin.platform.identity import Identified
from tocsin.rooms.constituency.models import Team
from tocsin.rooms.exchange.querysets import ImportQuerySet, MappingQuerySet
from tocsin.rooms.incidents.models import Incident


class Mapping(Identified):
    """Which column of a table is which field of ours, by a name of its own; ``columns`` is heading -> field."""

    name = models.CharField(max_length=60, unique=True)
    columns = models.JSONField(default=dict)
    day_first = models.BooleanField(default=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    objects = MappingQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name


class Import(Identified):
    """One file of a foreign system, and what became of it.

    ``peer`` says how it is read, ``source`` which system it is of: the same number from the same source is the same
    incident for ever. ``summary`` is what was found in it, ``choices`` what a person decided; ``layout`` is how a table
    is written and ``columns`` what its columns are. An ``attended`` one is worked on by whoever started it.
    """

    class State(models.TextChoices):
        NEW = "new", _("waiting to be looked at")
        COLUMNS = "columns", _("columns to be matched")
        READING = "reading", _("being read")
        READY = "ready", _("ready to look at")
        COMMITTING = "committing", _("being brought in")
        DONE = "done", _("brought in")
        UNDOING = "undoing", _("being taken back")
        UNDONE = "undone", _("taken back")
        DISCARDED = "discarded", _("thrown away")
        FAILED = "failed", _("failed")

    AT_WORK = (State.NEW, State.READING, State.COMMITTING, State.UNDOING)
    ENDED = (State.DONE, State.UNDONE, State.DISCARDED, State.FAILED)

    peer = models.CharField(max_length=20)
    source = models.CharField(max_length=60)
    base_url = models.CharField(max_length=250, blank=True)
    name = models.CharField(max_length=200)
    size = models.BigIntegerField(default=0)
    state = models.CharField(max_length=12, choices=State.choices, default=State.NEW)
    attended = models.BooleanField(default=False)
    problem = models.CharField(max_length=500, blank=True)
    layout = models.JSONField(default=dict)
    columns = models.JSONField(default=dict)
    day_first = models.BooleanField(default=True)
    summary = models.JSONField(default=dict)
    choices = models.JSONField(default=dict)
    team = models.ForeignKey(Team, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    records = models.PositiveBigIntegerField(default=0)
    imported = models.PositiveBigIntegerField(default=0)
    duplicates = models.PositiveBigIntegerField(default=0)
    rejected = models.PositiveBigIntegerField(default=0)
    committed_at = models.DateTimeField(null=True, blank=True)
    updated_at = models.DateTimeField(default=timezone.now)

    objects = ImportQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=~Q(state="done") | Q(records=F("imported") + F("duplicates") + F("rejected")),
                name="every_imported_record_accounted",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["created_by", "-id"], name="import_of_person"),
            models.Index(
                fields=["id"], name="import_at_work", condition=Q(state__in=["new", "reading", "committing", "undoing"])
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Staged(models.Model):
    """One record of an import: an incident, or (with ``parent``) a thing of one that stands elsewhere in the file."""

    class Fate(models.TextChoices):
        WAITING = "waiting", _("to be brought in")
        IMPORTED = "imported", _("brought in")
        DUPLICATE = "duplicate", _("already here")
        REJECTED = "rejected", _("rejected")

    load = models.ForeignKey(Import, on_delete=models.CASCADE, related_name="staged", db_index=False)
    file = models.PositiveSmallIntegerField(default=0)
    line = models.PositiveIntegerField()
    identity = models.CharField(max_length=200, blank=True)  # the number there; of a thing, with its kind
    parent = models.CharField(max_length=200, blank=True)
    title = models.CharField(max_length=200, blank=True)
    fate = models.CharField(max_length=10, choices=Fate.choices, default=Fate.WAITING)
    reason = models.CharField(max_length=300, blank=True)
    size = models.PositiveIntegerField(default=0)
    content = models.JSONField(null=True)  # what will be brought in; gone once it is
    raw = models.TextField(blank=True)  # of what was rejected or stands there twice, so that nothing is lost

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["load", "fate", "id"], name="staged_fate"),
            models.Index(fields=["load", "identity"], name="staged_identity"),
            models.Index(fields=["load", "parent", "id"], name="staged_parent"),
        ]

    @property
    def text(self) -> str:
        """Give the record as it stood in the file, or as it was understood."""
        return self.raw or (json.dumps(self.content, ensure_ascii=False) if self.content else "")


class Origin(models.Model):
    """Where an incident came from. ``as_of`` is its last change when it was brought in."""

    incident = models.OneToOneField(Incident, on_delete=models.CASCADE, related_name="origin")
    load = models.ForeignKey(Import, on_delete=models.PROTECT, related_name="origins")
    source = models.CharField(max_length=60)
    identity = models.CharField(max_length=200)
    url = models.CharField(max_length=500, blank=True)
    as_of = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["source", "identity"], name="one_incident_an_origin")]
