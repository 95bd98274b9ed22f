"""Leave a note to the next shift, and say that it was read."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from tocsin.platform import audit
from tocsin.platform.access import scope_of
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.constituency.models import Team
from tocsin.rooms.rota.models import PAGE, ShiftNote


@transaction.atomic
def write_note(*, actor: Person, team: Team, text: str) -> ShiftNote:
    """Leave a note to those who come; who wrote it has read it."""
    _require_in(actor, team.pk)
    if not text.strip():
        raise ValidationError(_("Write what the next shift must know."))
    note = ShiftNote.objects.create(team=team, author=actor, text=text.strip())
    audit.record(actor, "rota.note", note, {"team": team.code})
    return note


@transaction.atomic
def read_note(*, actor: Person, note: ShiftNote) -> None:
    """Say that a note was read; saying it twice changes nothing."""
    _require_in(actor, note.team_id)
    note.read_by.add(actor)


def _require_in(actor: Person, team: int) -> None:
    if team not in scope_of(actor).teams(PAGE):
        raise PermissionDenied(_("The notes of a team are for the people who serve in it."))
