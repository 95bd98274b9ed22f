"""Alerts: hits of one rule, at one organisation, about one subject, in one window of time."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from tocsin.platform.bulk import BulkRecord
from tocsin.platform.identity import Identified
from tocsin.rooms.alerts.models.suppression import Suppression
from tocsin.rooms.alerts.querysets import AlertQuerySet
from tocsin.rooms.constituency.models import Organisation
from tocsin.rooms.intake.models import Receipt
from tocsin.rooms.rules.models import Level

LEVEL_STEP = 10**13  # milliseconds until the year 2286


def rank_of(level: int, last_seen: datetime) -> int:
    """Give the place in the queue: by level, then by time to the millisecond."""
    return level * LEVEL_STEP + int(last_seen.timestamp() * 1000)


class RankField(models.BigIntegerField):  # type: ignore[type-arg]  # not generic at run time
    """The place in the queue in one number, since databases guess the length of a range by its first column alone."""

    def pre_save(self, model_instance: Any, add: bool) -> int:
        model_instance.rank = rank_of(model_instance.level, model_instance.last_seen)
        return int(model_instance.rank)


class Alert(Identified):
    """One group of hits. ``key`` is the digest of rule, organisation, subject and window; ``generation`` grows when
    new hits arrive after the group was closed, so that a disposition never hides what came later."""

    class State(models.TextChoices):
        NEW = "new", _("new")
        TRIAGE = "triage", _("in triage")
        WAITING = "waiting", _("waiting")
        ESCALATED = "escalated", _("escalated")
        FALSE_POSITIVE = "closed_false_positive", _("false positive")
        BENIGN = "closed_benign", _("benign")
        DUPLICATE = "closed_duplicate", _("duplicate")
        SUPPRESSED = "suppressed", _("suppressed")

    OPEN = (State.NEW, State.TRIAGE, State.WAITING)

    class SubjectKind(models.TextChoices):
        HOST = "host", _("host")
        USER = "user", _("user")
        ADDRESS = "address", _("address")
        NONE = "", _("none")

    key = models.CharField(max_length=64)
    generation = models.PositiveIntegerField(default=1)
    rule_id = models.CharField(max_length=80)
    rule_version = models.CharField(max_length=64)
    title = models.CharField(max_length=300)
    level = models.SmallIntegerField(choices=Level.choices)
    techniques = models.JSONField(default=list)
    organisation = models.ForeignKey(
        Organisation, null=True, blank=True, on_delete=models.PROTECT, related_name="alerts", db_index=False
    )
    subject_kind = models.CharField(max_length=8, choices=SubjectKind.choices, blank=True)
    subject = models.CharField(max_length=255, blank=True)
    window_start = models.DateTimeField()
    first_seen = models.DateTimeField()
    last_seen = models.DateTimeField()
    rank = RankField(editable=False)
    count = models.BigIntegerField(default=0)
    state = models.CharField(max_length=24, choices=State.choices, default=State.NEW)
    open = models.BooleanField(default=True)
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="assigned_alerts"
    )
    disposition = models.TextField(blank=True)  # the reason given when it was closed
    suppression = models.ForeignKey(  # what kept it out of the queue when it was raised
        Suppression, null=True, blank=True, on_delete=models.PROTECT, related_name="alerts", db_index=False
    )
    acknowledged_at = models.DateTimeField(null=True, blank=True)  # when somebody first took it
    closed_at = models.DateTimeField(null=True, blank=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = AlertQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["key", "generation"], name="one_alert_a_generation"),
            models.UniqueConstraint(fields=["key"], condition=Q(open=True), name="one_open_alert_a_group"),
        ]
        indexes: ClassVar = [
            # The tails let a scan in list order skip foreign rows, and counts be made, without reading the table.
            models.Index(fields=["-rank", "-id", "state", "organisation", "assignee"], name="alert_queue"),
            models.Index(
                fields=["-rank", "-id", "organisation", "state", "assignee", "open", "level"],
                name="alert_open_queue",
                condition=Q(open=True),
            ),
            models.Index(fields=["-last_seen", "-id", "state", "organisation", "level"], name="alert_newest"),
            models.Index(
                fields=["organisation", "-rank", "-id", "state", "open", "assignee", "level"],
                name="alert_org_queue",
            ),
            models.Index(fields=["organisation", "-last_seen", "-id", "state", "open"], name="alert_org_newest"),
            models.Index(fields=["rule_id", "-rank", "-id", "organisation"], name="alert_rule"),
            models.Index(fields=["subject", "-last_seen", "-id"], name="alert_subject"),
            models.Index(fields=["updated_at", "id", "organisation"], name="alert_updated"),
            models.Index(fields=["organisation", "updated_at", "id"], name="alert_org_updated"),
            models.Index(fields=["assignee", "-rank", "-id"], name="alert_assignee", condition=Q(open=True)),
            models.Index(
                fields=["organisation", "updated_at", "id"], name="alert_waiting", condition=Q(state="waiting")
            ),
            models.Index(
                fields=["suppression", "-rank", "-id"],
                name="alert_suppression",
                condition=Q(suppression__isnull=False),
            ),
        ]


class Hit(models.Model):
    """One event that one version of a rule fired on, for one organisation concerned. Counts derive from these."""

    alert = models.ForeignKey(Alert, on_delete=models.CASCADE, related_name="hits", db_index=False)
    receipt = models.ForeignKey(Receipt, on_delete=models.PROTECT, related_name="+", db_index=False)
    record = models.BigIntegerField()
    rule_id = models.CharField(max_length=80)
    rule_version = models.CharField(max_length=64)
    organisation = models.ForeignKey(
        Organisation, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    time = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["receipt", "record", "rule_id", "rule_version", "organisation"],
                condition=Q(organisation__isnull=False),
                name="hit_once",
            ),
            models.UniqueConstraint(
                fields=["receipt", "record", "rule_id", "rule_version"],
                condition=Q(organisation__isnull=True),
                name="hit_once_unattributed",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["alert", "-time", "-id"], name="hits_of_alert"),
            models.Index(fields=["receipt", "record"], name="hits_of_receipt"),
        ]


class RawLine(models.Model):
    """A copy of one raw record of an alert: the first ten and the last ten in time are kept."""

    alert = models.ForeignKey(Alert, on_delete=models.CASCADE, related_name="raw_lines", db_index=False)
    receipt = models.ForeignKey(Receipt, on_delete=models.PROTECT, related_name="+")
    record = models.BigIntegerField()
    time = models.DateTimeField()
    raw = models.BinaryField()

    class Meta:
        ordering: ClassVar = ["time", "receipt", "record"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["alert", "receipt", "record"], name="raw_line_once")]


class AlertComment(Identified):
    """What a person said about an alert or did with it; ``event`` names the step of the state machine, if any."""

    class Event(models.TextChoices):
        TAKE = "take", _("takes it")
        RELEASE = "release", _("puts it back")
        ASK = "ask", _("asks the organisation")
        ANSWER = "answer", _("answers")
        FALSE_POSITIVE = "false_positive", _("closes it as a false positive")
        BENIGN = "benign", _("closes it as benign")
        DUPLICATE = "duplicate", _("closes it as a duplicate")
        ESCALATE = "escalate", _("makes it part of an incident")
        REOPEN = "reopen", _("opens it again")
        UNDO = "undo", _("takes the step back")

    alert = models.ForeignKey(Alert, on_delete=models.CASCADE, related_name="comments")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    event = models.CharField(max_length=20, choices=Event.choices, blank=True)
    text = models.TextField(blank=True)

    class Meta:
        ordering: ClassVar = ["id"]


class BulkChange(BulkRecord):
    """One step taken with many alerts at once, and how they were before: ``[id, state, assignee, acknowledged]``."""

    event = models.CharField(max_length=20, choices=AlertComment.Event.choices)
