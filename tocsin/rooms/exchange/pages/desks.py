"""The ticket systems of organisations, for who sets them up; and the door by which these say that a ticket changed."""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

import orjson
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tocsin.platform.access import page
from tocsin.platform.lists import keyset
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.exchange import actions, forms, knowledge, queries
from tocsin.rooms.exchange.querysets import DESKS

LONGEST_CALL = 10_000


def _me(request: HttpRequest) -> Person:
    return cast("Person", request.user)


@require_safe
@page(DESKS)
def foreign_desks(request: HttpRequest) -> HttpResponseBase:
    """List the desks."""
    listed = keyset(queries.desks(request.user), ("organisation__code", "id"), request.GET.get("cursor", ""))
    return render(request, "exchange/desks.html", {"page": listed})


@require_http_methods(["GET", "HEAD", "POST"])
@page(DESKS)
def foreign_desk_new(request: HttpRequest) -> HttpResponseBase:
    """Set a desk up."""
    form = forms.DeskForm(request.POST or None, user=request.user)
    if request.method == "POST" and form.is_valid():
        given = form.given()
        try:
            desk = actions.set_up_desk(actor=_me(request), **given)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("The desk is set up. Try it now: nothing is written there by that."))
            return redirect("foreign_desk", uuid=desk.uuid)
    return render(request, "exchange/desk_new.html", {"form": form})


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@page(DESKS)
def foreign_desk(request: HttpRequest, uuid: UUID) -> HttpResponseBase:
    """Show a desk and how it fares, and take changes to it."""
    desk = queries.desk_or_404(request.user, uuid)
    form = forms.ChangeDeskForm(request.POST or None, desk=desk)
    if request.method == "POST" and form.is_valid():
        try:
            actions.change_desk(actor=_me(request), desk=desk, **form.given())
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("Kept. Try it now: nothing is written there by that."))
            return redirect("foreign_desk", uuid=uuid)
    shown: dict[str, Any] = {
        "desk": desk,
        "form": form,
        "kind": knowledge.desks().kinds[desk.kind],
        "theirs": knowledge.theirs(desk.kind, desk.states),
        "ours": knowledge.ours(desk.kind, desk.states),
        "figures": queries.figures_of(desk),
        "call": request.build_absolute_uri(reverse("foreign_desk_called", args=[uuid])),
        "secret": actions.hook_secret(desk),
    }
    return render(request, "exchange/desk.html", shown)


@require_POST
@page(DESKS)
def foreign_desk_try(request: HttpRequest, uuid: UUID) -> HttpResponseBase:
    """Try a desk and say how far it went."""
    desk = queries.desk_or_404(request.user, uuid)
    for step in actions.try_desk(actor=_me(request), desk=desk):
        say = messages.success if step.well else messages.error
        say(request, f"{step.name}: {step.said}")
    return redirect("foreign_desk", uuid=uuid)


@require_POST
@page(DESKS)
def foreign_desk_run(request: HttpRequest, uuid: UUID) -> HttpResponseBase:
    """Stop a desk, or let it go on."""
    desk = queries.desk_or_404(request.user, uuid)
    active = request.POST.get("active") == "1"
    actions.run_desk(actor=_me(request), desk=desk, active=active)
    messages.success(request, _("It goes on.") if active else _("It is stopped: nothing is sent there or fetched."))
    return redirect("foreign_desk", uuid=uuid)


@csrf_exempt  # it is signed
@require_POST
def foreign_desk_called(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Take a call of an organisation's system that a ticket has changed, signed as Standard Webhooks 1.0 says."""
    if int(request.headers.get("Content-Length") or 0) > LONGEST_CALL:
        return HttpResponse(status=413)
    given = [request.headers.get(f"webhook-{name}", "") for name in ("id", "timestamp", "signature")]
    if not actions.called(uuid, given[0], given[1], given[2], request.body, _number(request.body)):
        return HttpResponse(status=403)
    return HttpResponse(status=204)


def _number(body: bytes) -> str:
    try:
        said = orjson.loads(body)
    except orjson.JSONDecodeError:
        return ""
    number = str(said.get("ticket", "")) if isinstance(said, dict) else ""
    return number if number.isascii() and number.isdecimal() and len(number) <= 20 else ""
