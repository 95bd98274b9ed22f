"""What is to be done: tasks, and hand-offs between teams."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from tocsin.platform.identity import Identified
from tocsin.rooms.constituency.models import Team
from tocsin.rooms.incidents.models.incident import Incident, IncidentEntity


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
