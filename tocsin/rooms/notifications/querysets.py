"""Which notifications a person still may see: their own, about what they may know of now."""

from __future__ import annotations

from typing import Any, Self

from django.db.models import Exists, OuterRef, Q, QuerySet

from tocsin.rooms.notifications.knowledge import sources


class NotificationQuerySet(QuerySet[Any]):
    """Scopes every read of notifications."""

    def visible_to(self, user: Any) -> Self:
        """Keep the person's own, about things that their rooms show this person now; one query, however many."""
        known = Q(pk=None)
        for source in sources().values():
            about = source.visible(user).filter(pk=OuterRef("thing")).order_by()
            known |= Q(Exists(about), source=source.name)
        return self.filter(known, person=user.pk)

    def unread(self) -> Self:
        """Keep what waits in the page."""
        return self.filter(in_page=True, read_at=None)
