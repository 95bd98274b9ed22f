"""Incidents, one part per affected organisation, and who may know of a sealed one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tocsin.platform.identity import Identified, drawn_reference
from tocsin.platform.markings import TLP
from tocsin.rooms.alerts.models import Alert
from tocsin.rooms.constituency.models import Organisation, Team
from tocsin.rooms.incidents.querysets import IncidentQuerySet

NO_DUE = datetime(9999, 1, 1, tzinfo=UTC)  # sorts after everything that is due, and pages by key take no null


def new_reference() -> str:
    """Draw the reference of an incident."""
    return drawn_reference("INC", 8)


class Severity(models.IntegerChoices):
    """The house's scale (domain severity S0 to S5)."""

    BASELINE = 0, _("baseline")
    LOW = 1, _("low")
    MEDIUM = 2, _("medium")
    HIGH = 3, _("high")
    SEVERE = 4, _("severe")
    EMERGENCY = 5, _("emergency")


class Degree(models.TextChoices):
    """How badly one of the three qualities was hurt."""

    NONE = "none", _("none")
    LOW = "low", _("low")
    MEDIUM = "medium", _("medium")
    HIGH = "high", _("high")


class Disposition(models.TextChoices):
    """Why what was reported is no incident (VERIS and RT words)."""

    INSUFFICIENT_DATA = "insufficient-data", _("too little is known")
    FAULTY_INDICATOR = "faulty-indicator", _("the indicator was wrong")
    MISCONFIGURATION = "misconfiguration", _("something was set up wrongly")
    SCAN_PROBE = "scan-probe", _("a scan or a probe, nothing more")
    FAILED = "failed", _("an attempt that failed")
    REFUTED = "refuted", _("it did not happen")


class Aim(models.TextChoices):
    """Whom the attacker was after."""

    UNKNOWN = "unknown", _("not known")
    OPPORTUNISTIC = "opportunistic", _("whoever it hits")
    TARGETED = "targeted", _("targeted")


class PersonalData(models.TextChoices):
    """Whether personal data is concerned (regulations 2018/1725 and 2016/679)."""

    UNKNOWN = "unknown", _("not known")
    NO = "no", _("none")
    BREACH = "breach", _("breach")
    BREACH_HIGH_RISK = "breach_high_risk", _("breach, high risk to people")


class Incident(Identified):
    """What is being handled. ``reference`` is for people; drawn by lot, so that no gap betrays a sealed one.

    Lists add what their reader may know of it: ``shown_organisations``, and ``shown_due`` where deadlines are shown.
    """

    shown_organisations: Sequence[str]
    shown_due: datetime | None

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
    targeted = models.CharField(max_length=16, choices=Aim.choices, default=Aim.UNKNOWN)
    criminal_suspected = models.BooleanField(default=False)
    personal_data = models.CharField(max_length=16, choices=PersonalData.choices, default=PersonalData.UNKNOWN)
    euci_involved = models.BooleanField(default=False)  # its content is kept elsewhere; here is only that it is
    inquiry_needed = models.BooleanField(default=False)
    disposition = models.CharField(max_length=20, choices=Disposition.choices, blank=True)  # of a rejected one
    near_miss = models.BooleanField(default=False)
    next_due_at = models.DateTimeField(default=NO_DUE, editable=False)  # the handling team's nearest open deadline
    breached = models.BooleanField(default=False, editable=False)  # one of theirs is late; see actions/deadlines.py
    closing_cause = models.TextField(blank=True)
    closing_confidentiality = models.CharField(max_length=6, choices=Degree.choices, blank=True)
    closing_integrity = models.CharField(max_length=6, choices=Degree.choices, blank=True)
    closing_availability = models.CharField(max_length=6, choices=Degree.choices, blank=True)
    closing_impact = models.TextField(blank=True)
    closing_lesson = models.TextField(blank=True)
    parent = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="children", db_index=False
    )
    merged_into = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="merged_from", db_index=False
    )
    updated_at = models.DateTimeField(auto_now=True)

    objects = IncidentQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(open=False) | Q(closed_at=None), name="open_incident_is_not_closed"),
            models.CheckConstraint(
                condition=Q(merged_into=None) | Q(state="merged"), name="merged_incident_is_in_that_state"
            ),
            models.CheckConstraint(condition=~Q(parent=F("pk")), name="incident_is_not_its_own_parent"),
            models.CheckConstraint(condition=~Q(merged_into=F("pk")), name="incident_is_not_merged_into_itself"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["-severity", "-updated_at", "-id"], name="incident_queue"),
            models.Index(
                fields=["-severity", "-updated_at", "-id"], name="incident_open_queue", condition=Q(open=True)
            ),
            models.Index(
                fields=["-severity", "-updated_at", "-id"],
                name="incident_unowned_queue",
                condition=Q(open=True, owner=None),
            ),
            models.Index(fields=["-updated_at", "-id"], name="incident_newest"),
            models.Index(fields=["updated_at", "id"], name="incident_updated"),
            models.Index(fields=["owner_team", "-updated_at"], name="incident_team"),
            models.Index(fields=["id"], name="incident_sealed", condition=Q(sealed=True)),
            # Nearly all have neither: an index that held those too would look of no use to a planner.
            models.Index(fields=["parent"], name="incident_parent", condition=Q(parent__isnull=False)),
            models.Index(fields=["merged_into"], name="incident_merged", condition=Q(merged_into__isnull=False)),
            models.Index(fields=["next_due_at", "id"], name="incident_due"),
            models.Index(fields=["next_due_at", "id"], name="incident_open_due", condition=Q(open=True)),
            models.Index(fields=["severity", "next_due_at", "id"], name="incident_board_due", condition=Q(open=True)),
            models.Index(fields=["severity", "id"], name="incident_board_age", condition=Q(open=True)),
            models.Index(
                fields=["severity", "next_due_at", "id"],
                name="incident_board_unowned",
                condition=Q(open=True, owner=None),
            ),
            models.Index(
                fields=["id"], name="incident_nobodys", condition=Q(open=True) & (Q(owner=None) | Q(owner_team=None))
            ),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def due_at(self) -> datetime | None:
        """Give when the handling team's nearest open deadline is due; None when none is open."""
        return None if self.next_due_at == NO_DUE else self.next_due_at


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
