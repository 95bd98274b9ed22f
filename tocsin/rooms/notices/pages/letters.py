"""Pages about mails that a person must read."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from tocsin.platform.access import page
from tocsin.rooms.notices import actions, forms, queries
from tocsin.rooms.notices.models import Letter
from tocsin.rooms.notices.pages.common import ROWS, SEND, complain, me


@require_safe
@page(SEND)
def letters(request: HttpRequest) -> HttpResponse:
    """Show the mails that a person must read, each with what was understood and why it is in doubt."""
    waiting = [(letter, _form_of(letter)) for letter in queries.letters_waiting(request.user)[:ROWS]]
    return render(request, "notices/letters.html", {"letters": waiting, "tab": "letters"})


def _form_of(letter: Letter) -> forms.LetterForm:
    """Give the form in which a person writes down what a letter says, filled in as far as it was understood."""
    return forms.LetterForm(
        initial={
            "reference": letter.part.reference if letter.part else "",
            "kind": letter.reading if letter.reading in forms.ANSWERS else "",
            "planned_for": letter.planned_for,
        }
    )


@require_POST
@page(SEND)
def letter_settle(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Take down what a person read in a mail."""
    letter = queries.letter_or_404(request.user, uuid)
    form = forms.LetterForm(request.POST)
    if not form.is_valid():
        complain(request, form)
        return redirect("notice_letters")
    given = form.cleaned_data
    known = queries.part_named(request.user, given["reference"]) if given["reference"] else None
    try:
        actions.settle(
            actor=me(request), letter=letter, kind=given["kind"], part=known, text=given["text"],
            planned_for=given["planned_for"],
        )  # fmt: skip
    except actions.NoticeError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("Written down."))
    return redirect("notice_letters")
