"""What is done on an incident by a playbook: a run, a tick for each step, the tasks that steps became."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tocsin.platform.identity import Identified
from tocsin.rooms.incidents.models import Incident, Task
from tocsin.rooms.playbooks.models.playbook import PlaybookVersion, Step
from tocsin.rooms.playbooks.querysets import RunQuerySet


class Run(Identified):
    """A playbook gone through on an incident, in the version it had at the start."""

    class State(models.TextChoices):
        RUNNING = "running", _("under way")
        DONE = "done", _("done")
        STOPPED = "stopped", _("stopped")

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="playbook_runs")
    version = models.ForeignKey(PlaybookVersion, on_delete=models.PROTECT, related_name="runs")
    started_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=8, choices=State.choices, default=State.RUNNING)
    ended_at = models.DateTimeField(null=True)
    reason = models.TextField(blank=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = RunQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(state="running", ended_at=None) | (~Q(state="running") & Q(ended_at__isnull=False)),
                name="a_run_that_ended_has_a_time",
            ),
            models.CheckConstraint(condition=~Q(state="stopped") | ~Q(reason=""), name="a_stop_has_a_reason"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["incident", "-id"], name="runs_of_incident"),
            models.Index(fields=["version", "-id"], name="runs_of_version"),
            models.Index(fields=["updated_at", "id"], name="run_updated"),
        ]


class Tick(Identified):
    """What a person said of a step: done, skipped, failed, or which branch they chose. Never changed but taken back.

    Of a step there is one that is ``current``. Those of earlier rounds of a loop are not, nor those taken back.
    """

    class State(models.TextChoices):
        DONE = "done", _("done")
        SKIPPED = "skipped", _("skipped")
        FAILED = "failed", _("failed")
        CHOSEN = "chosen", _("decided")

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="ticks")
    step = models.ForeignKey(Step, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=8, choices=State.choices)
    branch = models.ForeignKey(Step, null=True, on_delete=models.PROTECT, related_name="+")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    note = models.TextField(blank=True)
    current = models.BooleanField(default=True)
    undone_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    undone_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["run", "step"], condition=Q(current=True), name="one_tick_a_step"),
            models.CheckConstraint(condition=~Q(state="skipped") | ~Q(note=""), name="skipping_has_a_reason"),
            models.CheckConstraint(condition=Q(undone_at=None) | Q(current=False), name="undone_is_not_current"),
        ]
        indexes: ClassVar = [models.Index(fields=["run", "id"], name="ticks_of_run")]


class StepTask(models.Model):
    """That a step of a run was given to somebody as a task of the incident."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="tasks")
    step = models.ForeignKey(Step, on_delete=models.PROTECT, related_name="+")
    task = models.OneToOneField(Task, on_delete=models.CASCADE, related_name="playbook_step")

    class Meta:
        indexes: ClassVar = [models.Index(fields=["run", "step"], name="tasks_of_step")]
