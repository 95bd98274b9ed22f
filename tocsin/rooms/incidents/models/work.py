"""What is to be done: tasks."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from tocsin.platform.identity import Identified
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
        indexes: ClassVar = [
            models.Index(fields=["assignee", "state", "due_at"], name="task_of_person"),
            models.Index(fields=["due_at", "id"], name="task_due", condition=models.Q(state="open")),
            models.Index(fields=["-id"], name="task_open", condition=models.Q(state="open")),
        ]
