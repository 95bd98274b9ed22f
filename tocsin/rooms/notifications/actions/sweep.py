"""Keep the tables small: what was read or overlooked long ago goes, and who left a page."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from tocsin.rooms.notifications.models import Notification, Presence
from tocsin.rooms.notifications.queries.live import STAYS

READ_KEPT, UNREAD_KEPT = timedelta(days=30), timedelta(days=120)


def sweep() -> int:
    """Remove lines read 30 days ago, and those that nobody read for 120; give how many."""
    now = timezone.now()
    read, _rows = Notification.objects.filter(read_at__lt=now - READ_KEPT).delete()
    left, _rows = Notification.objects.filter(read_at=None, updated_at__lt=now - UNREAD_KEPT).delete()
    return read + left


def forget_presence() -> int:
    """Forget who looked at a page, once they do not any more."""
    gone, _rows = Presence.objects.filter(seen_at__lt=timezone.now() - STAYS).delete()
    return gone
