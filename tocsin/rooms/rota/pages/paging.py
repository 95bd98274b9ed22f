"""Pages: who was called, and the buttons and links by which somebody takes one."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tocsin.platform import access
from tocsin.rooms.rota import actions, forms, queries
from tocsin.rooms.rota.models import OVERSEE, PAGE
from tocsin.rooms.rota.pages.common import done, me

SEE = (PAGE, OVERSEE)


@require_http_methods(["GET", "HEAD", "POST"])
@access.page(PAGE)
def page_new(request: HttpRequest) -> HttpResponse:
    """Page whoever is on call in a team, about nothing that is known here yet."""
    form = forms.PageForm(request.POST or None, user=request.user, initial={"team": request.GET.get("team", "")})
    if request.method == "POST" and form.is_valid():
        try:
            made = actions.page(actor=me(request), matter=None, **form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, " ".join(error.messages))
        else:
            messages.success(request, _("%(reference)s is on its way.") % {"reference": made.reference})
            return redirect("page", made.uuid)
    return render(request, "rota/page_new.html", {"form": form})


@require_safe
@access.page(*SEE)
def page(request: HttpRequest, uuid: UUID) -> HttpResponseBase:
    """Show one page: who was called how, who has taken it, whom to telephone and what to say."""
    known = queries.page_or_404(request.user, uuid)
    calls = list(queries.calls_of(known))
    shown: dict[str, Any] = {
        "paged": known,
        "calls": calls,
        "to_telephone": [call for call in calls if call.to_telephone] if known.waiting else [],
        "may_take": known.waiting and queries.may_take(request.user, known),
        "may_withdraw": known.waiting and queries.may_withdraw(request.user, known),
        "link": queries.page_url(known),
    }
    return render(request, "rota/page.html", shown)


@require_POST
@access.page(*SEE)
def page_acknowledge(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Take a page."""
    known = queries.page_or_404(request.user, uuid)

    def do(_said: dict[str, Any]) -> str:
        actions.acknowledge(actor=me(request), page=known)
        return _("You have taken it. Nobody else is called.")

    return done(request, forms.NothingForm(request.POST), do, "page", known.uuid)


@require_POST
@access.page(*SEE)
def page_withdraw(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """End a page that is not needed any more."""
    known = queries.page_or_404(request.user, uuid)

    def do(_said: dict[str, Any]) -> str:
        actions.withdraw(actor=me(request), page=known)
        return _("Withdrawn. Nobody else is called.")

    return done(request, forms.NothingForm(request.POST), do, "page", known.uuid)


@require_POST
@access.page(*SEE)
def page_telephone(request: HttpRequest, uuid: UUID, call: UUID) -> HttpResponse:
    """Write down what came of a call by telephone."""
    known = queries.page_or_404(request.user, uuid)
    called, reached = queries.call_or_404(known, call), request.POST.get("reached") == "yes"

    def do(_said: dict[str, Any]) -> str:
        actions.note_telephone(actor=me(request), call=called, reached=reached)
        return _("Written down.") if reached else _("Written down; the next in line are called.")

    return done(request, forms.NothingForm(request.POST), do, "page", known.uuid)


@require_http_methods(["GET", "HEAD", "POST"])
def called(request: HttpRequest, token: str) -> HttpResponse:
    """Let whoever holds a signed link take the page; a look changes nothing, the button does."""
    call = queries.call_of(token)
    if call is None or call.person is None:
        return render(request, "rota/called_over.html", status=404)
    with translation.override(call.person.language):
        shown: dict[str, Any] = {"call": call, "paged": call.page}
        if request.method == "POST":
            try:
                shown["paged"] = actions.acknowledge_by_link(call=call)
                shown["taken"] = True
            except (ValidationError, PermissionDenied) as error:
                shown["refused"] = " ".join(getattr(error, "messages", [str(error)]))
        return render(request, "rota/called.html", shown)
