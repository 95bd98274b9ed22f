"""Note that people have read what waited for them."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from django.db.models import Q
from django.utils import timezone

from tocsin.rooms.accounts.models import Person
from tocsin.rooms.notifications.models import Notification

if TYPE_CHECKING:
    from tocsin.rooms.notifications.querysets import NotificationQuerySet


def mark_read(*, person: Person, line: Notification) -> int:
    """Take one line of one's own as read: neither mail nor tool is told of it any more."""
    return _read(Notification.objects.filter(person=person, pk=line.pk))


def mark_all_read(*, person: Person) -> int:
    """Take everything of one's own as read; give how many lines waited."""
    return _read(Notification.objects.filter(person=person))


def mark_seen(*, person: Person, lines: Q, until: datetime) -> int:
    """Take those lines of one's own as read that the page of their thing showed when it was made."""
    return _read(Notification.objects.filter(lines, person=person, updated_at__lte=until))


def _read(found: NotificationQuerySet) -> int:
    now = timezone.now()
    return found.filter(read_at=None).update(read_at=now, updated_at=now, mail_due_at=None, hook_due_at=None)
