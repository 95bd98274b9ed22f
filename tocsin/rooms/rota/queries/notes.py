"""Shift notes, and what the rooms say happened in a shift."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet
from django.http import Http404
from django.utils import timezone

from tocsin.platform.access import scope_of
from tocsin.rooms.constituency.models import Team
from tocsin.rooms.rota.models import PAGE, ShiftNote

Happened = Callable[[Any, Team, datetime], Iterable[str]]
FRESH, LONGEST_SHIFT = timedelta(hours=48), timedelta(hours=24)
_ROOMS: dict[str, Happened] = {}


def register_happened(room: str, happened: Happened) -> None:
    """Let a room say, in lines, what a person and a team did since a moment. Nothing sealed: all the team reads it."""
    _ROOMS[room] = happened


def noted_team_or_404(user: Any, uuid: UUID) -> Team:
    """Give a team whose shift notes the person reads and writes."""
    team = Team.objects.filter(uuid=uuid, pk__in=scope_of(user).teams(PAGE)).first()
    if team is None:
        raise Http404("team")
    return team


def first_team(user: Any) -> Team | None:
    """Give the team whose notes are meant when none is named."""
    return Team.objects.filter(pk__in=scope_of(user).teams(PAGE)).order_by("code").first()


def notes_of(user: Any, team: Team) -> QuerySet[ShiftNote]:
    """Give a team's notes, the newest on top, each knowing whether the person has read it."""
    mine = ShiftNote.read_by.through.objects.filter(shiftnote=OuterRef("pk"), person=user.pk)
    found = ShiftNote.objects.visible_to(user).filter(team=team).annotate(read=Exists(mine))
    return found.select_related("author", "team").prefetch_related("read_by")


def unread_notes(user: Any) -> QuerySet[ShiftNote]:
    """Give the notes of the last two days in the person's teams that others wrote and they have not read."""
    fresh = ShiftNote.objects.visible_to(user).filter(created_at__gte=timezone.now() - FRESH)
    found = fresh.exclude(author=user).exclude(read_by=user)
    return found.select_related("author", "team").order_by("-id")


def note_or_404(user: Any, uuid: UUID) -> ShiftNote:
    """Give one note of a team the person serves in."""
    note = ShiftNote.objects.visible_to(user).filter(uuid=uuid).first()
    if note is None:
        raise Http404("shift note")
    return note


def draft(user: Any, team: Team) -> str:
    """Give the beginning of a note: what the rooms know of the time since the person's last one, a day at most."""
    now = timezone.now()
    last = ShiftNote.objects.filter(team=team, author=user).order_by("-id").values_list("created_at", flat=True).first()
    since = max(last or now - timedelta(hours=8), now - LONGEST_SHIFT)
    return "\n".join(line for happened in _ROOMS.values() for line in happened(user, team, since))
