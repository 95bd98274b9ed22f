"""Pages about notices as a whole: whom a list concerns, writing, preview, sending, how all stand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tocsin.platform.access import page, scope_of
from tocsin.platform.lists import keyset
from tocsin.rooms.constituency import queries as constituency
from tocsin.rooms.notices import actions, forms, queries
from tocsin.rooms.notices.knowledge import kind_name
from tocsin.rooms.notices.models import COUNT, VIEW, Notice, Part
from tocsin.rooms.notices.pages.common import MANAGE, ROWS, SEND, me


@require_http_methods(["GET", "HEAD", "POST"])
@page(VIEW)
def affected(request: HttpRequest) -> HttpResponse:
    """Say whom a list of indicators concerns, each with their own facts, and who would be told. Nothing is sent."""
    form = forms.AffectedForm(request.POST or None)
    shown: dict[str, Any] = {"form": form, "tab": "affected"}
    if form.is_valid():
        given = form.cleaned_data
        shown |= queries.preview(
            given["values"],
            kind=given["kind"],
            severity=given["severity"],
            at=datetime.now(UTC),
            within=constituency.codes(request.user, VIEW),
        )
    return render(request, "notices/affected.html", shown)


@require_safe
@page(VIEW, MANAGE)
def routing(request: HttpRequest) -> HttpResponse:
    """Say who would be told of one thing, by which rule, in which language, and who was passed over."""
    form = forms.RoutingForm(request.GET or None)
    shown: dict[str, Any] = {"form": form, "tab": "routing", "routes_only": not scope_of(request.user).allows(VIEW)}
    if form.is_valid():
        shown["asked"] = True
        shown["found"] = queries.simulate(
            form.cleaned_data["value"],
            **form.case(),
            at=form.moment(),
            within=constituency.codes(request.user, VIEW) | constituency.codes(request.user, MANAGE),
        )
    return render(request, "notices/routing.html", shown)


@require_safe
@page(VIEW)
def notices(request: HttpRequest) -> HttpResponse:
    """List the notices, the last changed first, each with how its organisations stand."""
    state = request.GET.get("state", "")
    listed = keyset(queries.listed(request.user, state), ("-updated_at", "-id"), request.GET.get("cursor", ""), ROWS)
    standing = queries.counts(listed.items, request.user)
    for notice in listed.items:
        notice.figures = standing.get(notice.pk, queries.Figures())
    shown = {
        "page": listed,
        "tab": "notices",
        "state": state,
        "states": Notice.State.choices,
        "may_write": scope_of(request.user).allows(SEND),
        "letters": queries.letters_waiting(request.user).count(),
    }
    return render(request, "notices/list.html", shown)


@require_http_methods(["GET", "HEAD", "POST"])
@page(SEND)
def notice_new(request: HttpRequest) -> HttpResponse:
    """Write a notice: the list first; what comes next is the preview."""
    codes = [(code, code) for code in sorted(constituency.codes(request.user, SEND))]
    form = forms.NoticeForm(request.POST or None, codes=codes, initial=forms.prefilled(request.GET))
    if form.is_valid():
        matter = queries.matter_or_404(request.user, form.cleaned_data["matter"])
        try:
            notice = actions.draft_list(actor=me(request), matter=matter, **form.draft())
        except actions.NoticeError as error:
            form.add_error("values", str(error))
        else:
            return redirect("notice", notice.uuid)
    return render(request, "notices/new.html", {"form": form, "tab": "new"})


@require_safe
@page(VIEW)
def notice(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Show a notice: what would be sent while an edition waits, and how everyone told stands."""
    known = queries.notice_or_404(request.user, uuid)
    if at := request.GET.get("at"):
        return redirect("notice_part", queries.part_at_or_404(request.user, known, at).uuid)
    editions = list(known.editions.order_by("number"))
    waiting = next((edition for edition in editions if edition.sent_at is None), None)
    parts = list(queries.parts_of(request.user, known))
    shown: dict[str, Any] = {
        "notice": known,
        "editions": editions,
        "parts": parts,
        "figures": queries.figures((part.state, 1, int(part.overdue)) for part in parts),
        "may_send": queries.may_send(request.user, known),
        "untold": any(part.missed or part.state == Part.State.UNREACHED for part in parts),
        "withdrawal_form": forms.WithdrawalForm(),
        "kind": kind_name(known.kind, translation.get_language() or "en"),
    }
    rest = waiting is None and shown["untold"] and "rest" in request.GET
    if rest:
        waiting = editions[-1]
    if waiting is not None:
        waiting.notice = known
        shown |= queries.preview_of(request.user, waiting, request.GET.get("as", ""), rest=rest)
    return render(request, "notices/notice.html", shown)


def _act(request: HttpRequest, uuid: UUID, act: Callable[[Notice], str]) -> HttpResponse:
    known = queries.notice_or_404(request.user, uuid)
    try:
        messages.success(request, act(known))
    except actions.NoticeError as error:
        messages.error(request, str(error))
    return redirect("notice", uuid)


def _sent(sent: actions.Sent) -> str:
    said = ngettext("%(n)d organisation is told.", "%(n)d organisations are told.", sent.organisations)
    text = said % {"n": sent.organisations}
    missed = ngettext("%(n)d could not be told.", "%(n)d could not be told.", sent.unreached)
    return f"{text} {missed % {'n': sent.unreached}}" if sent.unreached else text


@require_POST
@page(SEND)
def send(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Send what the preview showed."""
    seen = request.POST.get("seen", "")
    return _act(request, uuid, lambda known: _sent(actions.send(actor=me(request), notice=known, seen=seen)))


@require_POST
@page(SEND)
def by_telephone(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Open what the preview showed to be told by telephone, without a single mail."""
    seen = request.POST.get("seen", "")

    def act(known: Notice) -> str:
        actions.tell_by_telephone(actor=me(request), notice=known, seen=seen)
        return _("No mail leaves. Call those on the telephone list, and write down whom you told.")

    return _act(request, uuid, act)


@require_POST
@page(SEND)
def send_rest(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Tell those who could not be told before, as the preview showed."""
    seen = request.POST.get("seen", "")
    return _act(request, uuid, lambda known: _sent(actions.send_rest(actor=me(request), notice=known, seen=seen)))


@require_POST
@page(SEND)
def discard(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Throw away an edition that has not been sent."""
    known = queries.notice_or_404(request.user, uuid)
    whole = known.state == Notice.State.DRAFT
    try:
        actions.discard(actor=me(request), notice=known)
    except actions.NoticeError as error:
        messages.error(request, str(error))
        return redirect("notice", uuid)
    messages.success(request, _("Thrown away; nobody was told."))
    return redirect("notices") if whole else redirect("notice", uuid)


@require_http_methods(["GET", "HEAD", "POST"])
@page(SEND)
def correct(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Write a new edition; the preview comes next."""
    known = queries.notice_or_404(request.user, uuid)
    before = queries.newest_texts(known)
    now = {f"now_{language}": text.get("text", "") for language, text in before.items()}
    form = forms.CorrectionForm(request.POST or None, initial=now)
    if form.is_valid():
        text, texts = form.cleaned_data["values"], form.texts(before)
        try:
            actions.correct(actor=me(request), notice=known, changes=form.changes(), texts=texts, text=text)
        except actions.NoticeError as error:
            messages.error(request, str(error))
        return redirect("notice", uuid)
    return render(request, "notices/correct.html", {"form": form, "notice": known})


@require_POST
@page(SEND)
def withdraw(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Write the withdrawal; the preview comes next."""
    form = forms.WithdrawalForm(request.POST)

    def act(known: Notice) -> str:
        if not form.is_valid():
            raise actions.NoticeError(_("Say why it is withdrawn."))
        actions.withdraw(actor=me(request), notice=known, changes=form.changes())
        return _("Look at who will be told, then send the withdrawal.")

    return _act(request, uuid, act)


@require_safe
@page(SEND)
def telephone(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Show whom to call and what to read out, printable, for when mail is down."""
    known = queries.notice_or_404(request.user, uuid)
    return render(request, "notices/telephone.html", {"notice": known, "calls": queries.calls(request.user, known)})


@require_safe
@page(VIEW)
def matrix(request: HttpRequest) -> HttpResponse:
    """Show all open notices against all organisations: who has answered, who has acted, who is silent."""
    return render(
        request,
        "notices/matrix.html",
        {"matrix": queries.matrix(request.user), "signs": queries.signs(), "tab": "matrix"},
    )


@require_safe
@page(COUNT, VIEW)
def board(request: HttpRequest) -> HttpResponse:
    """Say in one sentence each how the open notices stand."""
    shown = {
        "standing": queries.standing(request.user),
        "may_view": scope_of(request.user).allows(VIEW),
        "tab": "board",
    }
    return render(request, "notices/board.html", shown)
