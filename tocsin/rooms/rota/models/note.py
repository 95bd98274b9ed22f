"""What one shift leaves to the next."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models

from tocsin.platform.access import scope_of
from tocsin.platform.identity import Identified
from tocsin.rooms.constituency.models import Team
from tocsin.rooms.rota.models.paging import PAGE


class ShiftNoteQuerySet(models.QuerySet["ShiftNote"]):
    """Scopes every read of shift notes: they are the team's own."""

    def visible_to(self, user: Any) -> Self:
        """Keep the notes of the teams the person serves in."""
        return self.filter(team__in=scope_of(user).teams(PAGE))


class ShiftNote(Identified):
    """What somebody who goes off duty leaves to those who come; ``read_by`` are those who said they have read it."""

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="shift_notes")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    text = models.TextField()
    read_by = models.ManyToManyField(settings.AUTH_USER_MODEL, blank=True, related_name="+")

    objects = ShiftNoteQuerySet.as_manager()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["team", "-id"], name="shift_note_of_team")]

    def __str__(self) -> str:
        return f"{self.team.code} {self.created_at:%Y-%m-%d %H:%M}Z"
