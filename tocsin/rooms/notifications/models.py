"""What waits for a person, by which ways they want to hear of it, and who looks at what now."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from tocsin.platform.identity import Identified
from tocsin.rooms.notifications.querysets import NotificationQuerySet

UNREAD = Q(read_at=None)
DIGEST_MINUTES = 15


class Notification(Identified):
    """One line for one person: ``count`` events of a kind about one thing (``source`` and inner id) since it was read.

    It keeps no fact of the thing: what it shows is asked of the thing's room each time.
    """

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notifications")
    kind = models.CharField(max_length=40)
    source = models.CharField(max_length=20)
    thing = models.BigIntegerField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    count = models.PositiveIntegerField(default=0)
    in_page = models.BooleanField(default=True)
    mail_due_at = models.DateTimeField(null=True, blank=True)
    hook_due_at = models.DateTimeField(null=True, blank=True)
    read_at = models.DateTimeField(null=True, blank=True)
    updated_at = models.DateTimeField(default=timezone.now)

    objects = NotificationQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["person", "kind", "source", "thing"], condition=UNREAD, name="one_unread_line_a_thing"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["person", "-updated_at", "-id"], name="notification_newest"),
            models.Index(fields=["person", "updated_at", "id"], name="notification_updated"),
            models.Index(fields=["mail_due_at"], name="notification_to_mail", condition=Q(mail_due_at__isnull=False)),
            models.Index(fields=["hook_due_at"], name="notification_to_hook", condition=Q(hook_due_at__isnull=False)),
            models.Index(fields=["read_at"], name="notification_read", condition=Q(read_at__isnull=False)),
            models.Index(fields=["updated_at"], name="notification_left", condition=UNREAD),
        ]

    def __str__(self) -> str:
        return self.kind


class Choice(models.Model):
    """By which ways a person wants to hear of a kind; where there is none, the defaults of their roles hold."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=40)
    page = models.BooleanField()
    mail = models.BooleanField()
    webhook = models.BooleanField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["person", "kind"], name="one_choice_a_kind")]


class Preference(models.Model):
    """When a person's mails may come, and where their own tool is told.

    Between the two quiet hours, by the person's own clock, no mail leaves. A page to whoever is on call is none of
    these mails.
    """

    person = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    digest_minutes = models.PositiveSmallIntegerField(default=DIGEST_MINUTES)
    quiet_from = models.TimeField(null=True, blank=True)
    quiet_to = models.TimeField(null=True, blank=True)
    webhook = models.CharField(max_length=250, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(quiet_from=None, quiet_to=None) | ~Q(quiet_from=F("quiet_to")), name="quiet_hours_end"
            ),
        ]


class Presence(models.Model):
    """Somebody has a page open about one thing; forgotten a minute after they were last seen."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    subject = models.CharField(max_length=20)
    thing = models.BigIntegerField()
    seen_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["subject", "thing", "person"], name="one_presence_a_person")
        ]
        indexes: ClassVar = [models.Index(fields=["seen_at"], name="presence_seen")]
