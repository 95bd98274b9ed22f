"""Incidents: one record per affected organisation, timelines, tasks, hand-offs, seals."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tocsin.platform.identity import Identified, drawn_reference
from tocsin.platform.markings import TLP
from tocsin.rooms.alerts.models import Alert
from tocsin.rooms.constituency.models import Organisation, Team
from tocsin.rooms.incidents.querysets import IncidentQuerySet
from tocsin.rooms.intel.models import Observable


def new_reference() -> str:
    """Draw the reference of an incident."""
    return drawn_reference("INC", 6)


class Severity(models.IntegerChoices):
    """The house's scale (domain severity S0 to S5)."""

    BASELINE = 0, _("baseline")
    LOW = 1, _("low")
    MEDIUM = 2, _("medium")
    HIGH = 3, _("high")
    SEVERE = 4, _("severe")
    EMERGENCY = 5, _("emergency")


class Incident(Identified):
    """What is being handled. ``reference`` is for people; drawn by lot, so that no gap betrays a sealed one."""

    class State(models.TextChoices):
        REPORTED = "reported", _("reported")
        TRIAGE = "triage", _("triage")
        ANALYSIS = "analysis", _("analysis")
        CONTAINMENT = "containment", _("containment")
        ERADICATION = "eradication", _("eradication")
        RECOVERY = "recovery", _("recovery")
        POST_INCIDENT = "post_incident", _("post-incident")
        CLOSED = "closed", _("closed")
        MERGED = "merged", _("merged")
        REJECTED = "rejected", _("not an incident")

    ENDED = (State.CLOSED, State.MERGED, State.REJECTED)

    reference = models.CharField(max_length=16, unique=True, default=new_reference, editable=False)
    title = models.CharField(max_length=200)
    summary = models.TextField(blank=True)
    state = models.CharField(max_length=20, choices=State.choices, default=State.REPORTED)
    open = models.BooleanField(default=True)
    severity = models.SmallIntegerField(choices=Severity.choices, default=Severity.MEDIUM)
    tlp = models.CharField(max_length=12, choices=TLP.choices, default=TLP.AMBER)
    rsit_class = models.CharField(max_length=40, blank=True)
    rsit_type = models.CharField(max_length=60, blank=True)
    sealed = models.BooleanField(default=False)
    opened_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="owned_incidents"
    )
    owner_team = models.ForeignKey(Team, null=True, blank=True, on_delete=models.PROTECT, related_name="incidents")
    offered_to = models.ForeignKey(
        Team, null=True, blank=True, on_delete=models.PROTECT, related_name="offered_incidents"
    )
    alerts = models.ManyToManyField(Alert, related_name="incidents", blank=True)
    occurred_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    closing_cause = models.TextField(blank=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = IncidentQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(open=False) | Q(closed_at=None), name="open_incident_is_not_closed"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["-severity", "-updated_at", "-id"], name="incident_queue"),
            models.Index(
                fields=["-severity", "-updated_at", "-id"], name="incident_open_queue", condition=Q(open=True)
            ),
            models.Index(fields=["-updated_at", "-id"], name="incident_newest"),
            models.Index(fields=["updated_at", "id"], name="incident_updated"),
            models.Index(fields=["owner_team", "-updated_at"], name="incident_team"),
            models.Index(fields=["id"], name="incident_sealed", condition=Q(sealed=True)),
        ]

    def __str__(self) -> str:
        return self.reference


class Seal(models.Model):
    """A person who may know of a sealed incident."""

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="seals")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    named_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["incident", "person"], name="named_once")]


class IncidentEntity(Identified):
    """The part of an incident that is one organisation's."""

    class Role(models.TextChoices):
        VICTIM = "victim", _("affected")
        INVOLVED = "involved", _("involved")

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="entities")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="incident_entities")
    role = models.CharField(max_length=10, choices=Role.choices, default=Role.VICTIM)
    summary = models.TextField(blank=True)
    aware_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["incident", "organisation"], name="one_part_an_organisation")
        ]
        indexes: ClassVar = [models.Index(fields=["organisation", "incident"], name="entity_of_organisation")]


class Audience(models.TextChoices):
    """Who reads an entry: the handling teams, one organisation and the teams, or everyone concerned."""

    TEAM = "team", _("handling teams")
    ENTITY = "entity", _("this organisation")
    ALL = "all", _("everyone concerned")


class TimelineEntry(Identified):
    """One thing that happened or was done, or a comment. Written by people and by the rooms.

    What the house says of it is ``event`` with ``details``, put into words when it is read, in the reader's language;
    ``text`` is what a person wrote.
    """

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

    class Meta:
        ordering: ClassVar = ["time", "id"]
        indexes: ClassVar = [models.Index(fields=["incident", "time", "id"], name="timeline_of_incident")]


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


class Task(Identified):
    """Something to be done, by the handling team or by an organisation concerned."""

    class State(models.TextChoices):
        OPEN = "open", _("open")
        DONE = "done", _("done")
        REFUSED = "refused", _("refused")

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="tasks")
    entity = models.ForeignKey(IncidentEntity, null=True, blank=True, on_delete=models.CASCADE, related_name="tasks")
    title = models.CharField(max_length=200)
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="tasks"
    )
    due_at = models.DateTimeField(null=True, blank=True)
    state = models.CharField(max_length=8, choices=State.choices, default=State.OPEN)
    answer = models.TextField(blank=True)

    class Meta:
        ordering: ClassVar = ["state", "due_at", "id"]
        indexes: ClassVar = [models.Index(fields=["assignee", "state", "due_at"], name="task_of_person")]


class HandOff(Identified):
    """An incident offered by one team to another, which accepts it or refuses it with a reason."""

    class State(models.TextChoices):
        OFFERED = "offered", _("offered")
        ACCEPTED = "accepted", _("accepted")
        REFUSED = "refused", _("refused")
        WITHDRAWN = "withdrawn", _("withdrawn")

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="hand_offs")
    from_team = models.ForeignKey(Team, null=True, on_delete=models.PROTECT, related_name="+")
    to_team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="hand_offs")
    sent_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    note = models.TextField(blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.OFFERED)
    due_at = models.DateTimeField(null=True, blank=True)
    answered_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    answered_at = models.DateTimeField(null=True, blank=True)
    reason = models.TextField(blank=True)

    class Meta:
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["incident"], condition=Q(state="offered"), name="one_open_offer"),
            models.CheckConstraint(condition=~Q(state="refused") | ~Q(reason=""), name="refusal_has_a_reason"),
        ]
        indexes: ClassVar = [models.Index(fields=["to_team", "state", "-id"], name="hand_offs_to_team")]
