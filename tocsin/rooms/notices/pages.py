"""Pages of the room: whom a list concerns, what they are told, what they answer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tocsin.platform.access import page, scope_of
from tocsin.platform.lists import keyset
from tocsin.platform.markings import TLP
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.constituency import queries as constituency
from tocsin.rooms.notices import actions, forms, queries
from tocsin.rooms.notices.knowledge import kind_name
from tocsin.rooms.notices.models import COUNT, OWN, VIEW, Answer, Notice, Part, Telling

SEND, ANSWER, MANAGE, ROWS = "notices.send", "notices.answer", "constituency.manage", 40


def _me(request: HttpRequest) -> Person:
    return cast("Person", request.user)


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
            notice = actions.draft_list(actor=_me(request), matter=matter, **form.draft())
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
    if waiting is not None:
        waiting.notice = known
        shown |= queries.preview_of(request.user, waiting, request.GET.get("as", ""))
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
    return _act(request, uuid, lambda known: _sent(actions.send(actor=_me(request), notice=known, seen=seen)))


@require_POST
@page(SEND)
def send_rest(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Tell those who could not be told before."""
    return _act(request, uuid, lambda known: _sent(actions.send_rest(actor=_me(request), notice=known)))


@require_POST
@page(SEND)
def discard(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Throw away an edition that has not been sent."""
    known = queries.notice_or_404(request.user, uuid)
    whole = known.state == Notice.State.DRAFT
    try:
        actions.discard(actor=_me(request), notice=known)
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
    form = forms.CorrectionForm(request.POST or None)
    if form.is_valid():
        try:
            actions.correct(actor=_me(request), notice=known, changes=form.changes(), text=form.cleaned_data["values"])
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
        actions.withdraw(actor=_me(request), notice=known, changes=form.changes())
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


@require_safe
@page(OWN)
def mine(request: HttpRequest) -> HttpResponse:
    """List what the person's own organisations were told."""
    return render(request, "notices/mine.html", {"parts": queries.own_parts(request.user)[:200]})


@require_safe
@page(VIEW, OWN)
def part(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Show what one organisation was told, what it answered, and how to answer."""
    known = queries.part_or_404(request.user, uuid, VIEW, OWN)
    scope = scope_of(request.user)
    handles = scope.allows(SEND, known.organisation_id)
    shown = {
        "part": known,
        "notice": known.notice,
        "content": queries.read_content(known, translation.get_language() or "en"),
        "tellings": known.tellings.select_related("message", "told_by").order_by("pk"),
        "answers": known.answers.select_related("author").order_by("pk"),
        "letters": known.letters.order_by("pk") if handles else (),
        "answer_form": forms.AnswerForm() if scope.allows(ANSWER, known.organisation_id) else None,
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
        _complain(request, form)
        return redirect("notice_part", uuid)
    given = form.cleaned_data
    said = actions.Said(
        kind=given["kind"],
        via=Answer.Via.TELEPHONE if noted else Answer.Via.PAGE,
        name=given["name"] if noted else str(request.user),
        text=given["text"],
        planned_for=given["planned_for"],
        author=_me(request),
        at=given.get("at"),
    )
    return _part_act(request, uuid, lambda: actions.answer_signed_in(actor=_me(request), part=known, said=said))


def _complain(request: HttpRequest, form: Any) -> None:
    for errors in form.errors.values():
        messages.error(request, " ".join(errors))


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
        _complain(request, form)
        return redirect("notice_part", uuid)
    given = form.cleaned_data

    def act() -> Telling:
        return actions.told_by_telephone(
            actor=_me(request), part=known, name=given["name"], number=given["number"], at=form.moment()
        )

    return _part_act(request, uuid, act)


@require_safe
@page(SEND)
def letters(request: HttpRequest) -> HttpResponse:
    """Show the mails that a person must read, each with what was understood and why it is in doubt."""
    waiting = list(queries.letters_waiting(request.user)[:ROWS])
    for letter in waiting:
        letter.form = forms.LetterForm(  # type: ignore[attr-defined]  # for the page
            initial={
                "reference": letter.part.reference if letter.part else "",
                "kind": letter.reading if letter.reading in forms.ANSWERS else "",
                "planned_for": letter.planned_for,
            }
        )
    return render(request, "notices/letters.html", {"letters": waiting, "tab": "letters"})


@require_POST
@page(SEND)
def letter_settle(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Take down what a person read in a mail."""
    letter = queries.letter_or_404(request.user, uuid)
    form = forms.LetterForm(request.POST)
    if not form.is_valid():
        _complain(request, form)
        return redirect("notice_letters")
    given = form.cleaned_data
    known = queries.part_named(request.user, given["reference"]) if given["reference"] else None
    try:
        actions.settle(
            actor=_me(request), letter=letter, kind=given["kind"], part=known, text=given["text"],
            planned_for=given["planned_for"],
        )  # fmt: skip
    except actions.NoticeError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("Written down."))
    return redirect("notice_letters")


@require_http_methods(["GET", "HEAD", "POST"])
def answer(request: HttpRequest, token: str) -> HttpResponseBase:
    """Show whoever holds a signed link their own organisation's part, and take their answer. A look changes nothing."""
    telling = queries.telling_of(token)
    if telling is None or not queries.still_theirs(telling):
        return render(request, "notices/link_over.html", status=404)
    known = telling.part
    with translation.override(request.GET.get("lang") if request.GET.get("lang") in {"en", "fr"} else telling.language):
        form = forms.LinkForm(request.POST if request.method == "POST" else None)
        shown = {"part": known, "notice": known.notice, "telling": telling, "form": form, "token": token}
        if form.is_valid():
            shown |= _answered(form, telling)
        elif known.notice.tlp != TLP.RED and not known.notice.sealed:
            shown["content"] = queries.read_content(known, telling.language)
        shown["others"] = queries.median_of_others(known)
        return render(request, "notices/link.html", shown)


def _answered(form: forms.LinkForm, telling: Telling) -> dict[str, Any]:
    given = form.cleaned_data
    said = actions.Said(
        kind=given["kind"],
        via=Answer.Via.LINK,
        name=f"{given['name']} ({telling.address})" if given["name"] else telling.address,
        text=given["text"],
        planned_for=given["planned_for"],
        telling=telling,
    )
    try:
        actions.answer_by_link(telling=telling, said=said)
    except (actions.NoticeError, PermissionDenied) as error:
        return {"refused": str(error)}
    telling.part.refresh_from_db()
    return {"answered": True, "form": None}
