"""Note that somebody has a page open."""

from __future__ import annotations

from django.utils import timezone

from tocsin.rooms.accounts.models import Person
from tocsin.rooms.notifications.models import Presence


def note_presence(*, person: Person, subject: str, thing: int) -> None:
    """Note that a person looks at a thing now; one statement."""
    Presence.objects.bulk_create(
        [Presence(person=person, subject=subject, thing=thing, seen_at=timezone.now())],
        update_conflicts=True,
        unique_fields=["subject", "thing", "person"],
        update_fields=["seen_at"],
    )
