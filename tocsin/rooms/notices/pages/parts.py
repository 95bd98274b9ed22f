"""Pages about the part of one organisation: what it was told, what it answered, and by whom it was told."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from tocsin.platform.access import page, scope_of
from tocsin.platform.lists import bounded_count, keyset
from tocsin.platform.look.htmx import wants_fragment
from tocsin.rooms.notices import actions, forms, queries
from tocsin.rooms.notices.models import OWN, VIEW, Answer, Telling
from tocsin.rooms.notices.pages.common import ANSWER, SEND, complain, me

ROWS = 50


@require_safe
@page(OWN)
def mine(request: HttpRequest) -> HttpResponse:
    """List what the person's own organisations were told."""
    return render(request, "notices/mine.html", {"parts": queries.own_parts(request.user)[:200]})


@require_safe
@page(VIEW)
def told(request: HttpRequest) -> HttpResponse:
    """List what organisations were told and how far each of them is, the newest on top."""
    found = queries.parts_told(request.user, request.GET.dict())
    shown = {
        "page": keyset(found, ("-id",), request.GET.get("cursor", ""), ROWS),
        "count": bounded_count(found),
        "filters": forms.ToldFilterForm(request.GET or None),
    }
    return render(request, "notices/_told_list.html" if wants_fragment(request) else "notices/told_list.html", shown)


@require_safe
@page(VIEW, OWN)
def part(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Show what one organisation was told, what it answered, and how to answer."""
    known = queries.part_or_404(request.user, uuid, VIEW, OWN)
    scope = scope_of(request.user)
    handles, answers = (scope.allows(verb, known.organisation_id) for verb in (SEND, ANSWER))
    shown = {
        "part": known,
        "notice": known.notice,
        "content": queries.read_content(known, translation.get_language() or "en"),
        "tellings": known.tellings.select_related("message", "told_by").order_by("pk"),
        "answers": known.answers.select_related("author").order_by("pk"),
        "letters": known.letters.order_by("pk") if handles else (),
        "answer_form": forms.AnswerForm(initial={"asked": known.asked}) if answers else None,
        "noted_form": forms.NotedAnswerForm() if handles else None,
        "telephone_form": forms.TelephoneForm() if handles else None,
        "others": queries.median_of_others(known),
        "handles": handles,
    }
    return render(request, "notices/part.html", shown)


@require_POST
@page(ANSWER, SEND)
def part_answer(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Answer for one's own organisation, or note what somebody said on the telephone."""
    known = queries.part_or_404(request.user, uuid, ANSWER, SEND)
    noted = "name" in request.POST
    form = (forms.NotedAnswerForm if noted else forms.AnswerForm)(request.POST)
    if not form.is_valid():
        complain(request, form)
        return redirect("notice_part", uuid)
    given = form.cleaned_data
    said = actions.Said(
        kind=given["kind"],
        via=Answer.Via.TELEPHONE if noted else Answer.Via.PAGE,
        name=given["name"] if noted else str(request.user),
        text=given["text"],
        planned_for=given["planned_for"],
        author=me(request),
        at=given.get("at"),
        asked=given["asked"],
    )
    return _part_act(request, uuid, lambda: actions.answer_signed_in(actor=me(request), part=known, said=said))


def _part_act(request: HttpRequest, uuid: UUID, act: Callable[[], object]) -> HttpResponse:
    try:
        act()
    except actions.NoticeError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("Written down."))
    return redirect("notice_part", uuid)


@require_POST
@page(SEND)
def part_telephone(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Write down who was told on the telephone, and when."""
    known = queries.part_or_404(request.user, uuid, SEND)
    form = forms.TelephoneForm(request.POST)
    if not form.is_valid():
        complain(request, form)
        return redirect("notice_part", uuid)
    given = form.cleaned_data

    def act() -> Telling:
        return actions.told_by_telephone(
            actor=me(request), part=known, name=given["name"], number=given["number"], at=form.moment()
        )

    return _part_act(request, uuid, act)
