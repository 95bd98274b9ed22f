"""What is promised of an incident and by when: one row, one owner, one due date for each promise."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from tocsin.platform.identity import Identified
from tocsin.rooms.constituency.models import Team
from tocsin.rooms.incidents.models.incident import Incident, IncidentEntity, Severity
from tocsin.rooms.incidents.querysets import DeadlineQuerySet

OPEN = Q(met_at=None, stopped_at=None)
RUNNING = OPEN & Q(paused_at=None)


class Deadline(Identified):
    """One promise of a service level: of the handling team, or of one organisation concerned (``entity``).

    ``target`` and ``took`` are seconds of the calendar's time. Who answers for it is one person or one team, never both
    and never nobody. It is open until it is met or, when it does not apply any more, stopped. An open one stands for
    the incident's severity now; one that was met keeps the severity of that moment.
    """

    class Kind(models.TextChoices):
        ACKNOWLEDGE = "acknowledge", _("acknowledge")
        CONTAIN = "contain", _("contain")
        RECOVER = "recover", _("recover")
        UPDATE = "update", _("next update")

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="deadlines")
    entity = models.ForeignKey(
        IncidentEntity, null=True, blank=True, on_delete=models.CASCADE, related_name="deadlines"
    )
    kind = models.CharField(max_length=12, choices=Kind.choices)
    severity = models.SmallIntegerField(choices=Severity.choices)
    policy = models.CharField(max_length=60)
    version = models.CharField(max_length=40)
    calendar = models.CharField(max_length=60)
    target = models.PositiveIntegerField()
    warn_share = models.PositiveSmallIntegerField()  # per cent of the target
    answers = models.CharField(max_length=10)  # who answers for it by the policy: owner, team, officer
    escalate = models.CharField(max_length=30, blank=True)  # the role that sees it once it is late
    may_pause = models.BooleanField(default=False)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="deadlines"
    )
    team = models.ForeignKey(Team, null=True, blank=True, on_delete=models.PROTECT, related_name="deadlines")
    started_at = models.DateTimeField()
    due_at = models.DateTimeField()
    warn_at = models.DateTimeField()
    warned_at = models.DateTimeField(null=True, blank=True)
    breached_at = models.DateTimeField(null=True, blank=True)
    met_at = models.DateTimeField(null=True, blank=True)
    stopped_at = models.DateTimeField(null=True, blank=True)
    took = models.PositiveBigIntegerField(null=True, blank=True)
    paused_at = models.DateTimeField(null=True, blank=True)
    paused = models.PositiveBigIntegerField(default=0)  # seconds of earlier pauses
    pause_reason = models.CharField(max_length=500, blank=True)

    objects = DeadlineQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["due_at", "id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["incident", "entity", "kind"], name="one_deadline_a_part_and_kind"),
            models.UniqueConstraint(fields=["incident", "kind"], condition=Q(entity=None), name="one_deadline_a_kind"),
            models.CheckConstraint(condition=Q(person=None) ^ Q(team=None), name="one_owner_a_deadline"),
            models.CheckConstraint(condition=Q(met_at=None) | Q(stopped_at=None), name="deadline_ends_once"),
            models.CheckConstraint(condition=Q(met_at=None) ^ Q(took__isnull=False), name="met_deadline_took_time"),
            models.CheckConstraint(
                condition=Q(paused_at=None) | ~Q(pause_reason=""), name="paused_deadline_has_a_reason"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["warn_at"], name="deadline_to_warn", condition=RUNNING & Q(warned_at=None)),
            models.Index(fields=["due_at"], name="deadline_to_breach", condition=RUNNING & Q(breached_at=None)),
            models.Index(fields=["due_at", "id"], name="deadline_late", condition=OPEN & Q(breached_at__isnull=False)),
            models.Index(fields=["person", "due_at", "id"], name="deadline_of_person", condition=OPEN),
            models.Index(fields=["team", "due_at", "id"], name="deadline_of_team", condition=OPEN),
            models.Index(fields=["started_at", "kind"], name="deadline_started"),
        ]

    def __str__(self) -> str:
        return str(self.get_kind_display())

    @property
    def open(self) -> bool:
        """Tell whether it still waits to be met."""
        return self.met_at is None and self.stopped_at is None

    @property
    def owner(self) -> object:
        """Give the person or the team that answers for it."""
        return self.person or self.team
