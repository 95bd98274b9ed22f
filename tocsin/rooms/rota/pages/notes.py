"""Pages: the notes one shift leaves to the next."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tocsin.platform import access
from tocsin.platform.lists import keyset
from tocsin.rooms.rota import actions, forms, queries
from tocsin.rooms.rota.models import PAGE
from tocsin.rooms.rota.pages.common import FORM, me, posted

ROWS = 20


@require_http_methods(FORM)
@access.page(PAGE)
def shift_notes(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Show a team's notes, and the beginning of a new one."""
    team = queries.noted_team_or_404(request.user, uuid)
    initial = {"text": queries.draft(request.user, team)} if request.method != "POST" else None
    form = forms.ShiftNoteForm(posted(request), initial=initial)
    if form.is_valid():
        try:
            actions.write_note(actor=me(request), team=team, **form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, " ".join(error.messages))
        else:
            messages.success(request, _("The next shift finds your note on its desk."))
            return redirect("shift_notes", team.uuid)
    page = keyset(queries.notes_of(request.user, team), ("-id",), request.GET.get("cursor", ""), ROWS)
    return render(request, "rota/shift_notes.html", {"team": team, "form": form, "page": page})


@require_safe
@access.page(PAGE)
def my_shift_notes(request: HttpRequest) -> HttpResponse:
    """Lead to the notes of the person's team, of the first one when they serve in several."""
    team = queries.first_team(request.user)
    if team is None:
        messages.info(request, _("Shift notes are kept by teams; you serve in none."))
        return redirect("on_call")
    return redirect("shift_notes", team.uuid)


@require_POST
@access.page(PAGE)
def shift_note_read(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Say that one has read a note."""
    note = queries.note_or_404(request.user, uuid)
    actions.read_note(actor=me(request), note=note)
    messages.success(request, _("Noted: you have read it."))
    return redirect("desk")
