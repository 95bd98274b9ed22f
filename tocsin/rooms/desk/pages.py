"""The page people land on, and the books: what left the house, and what was done in it."""

from __future__ import annotations

from typing import Any, Protocol
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from tocsin.platform import access, export, outbox
from tocsin.platform.lists import NEWEST, OLDEST, keyset, order_of
from tocsin.platform.look.htmx import wants_fragment
from tocsin.platform.models import OutboxMessage
from tocsin.rooms.desk import knowledge, queries
from tocsin.rooms.desk.schemas import LEDGER, TRAIL
from tocsin.rooms.notices import actions as notices

ORDERS = (NEWEST, OLDEST)
DECIDE = ("incidents.inform", "notices.send")


class Decide(Protocol):
    """What a person decides about a message."""

    def __call__(self, message: OutboxMessage, *, actor: Any) -> None: ...


@require_safe
@access.page()
def desk(request: HttpRequest) -> HttpResponse:
    """Show what waits for this person."""
    filled, scope = knowledge.desk_of(request.user), access.scope_of(request.user)
    shown = {
        "cards": knowledge.waiting(filled),
        "quiet": knowledge.quiet(filled),
        "figures": sum(section.wide for section in knowledge.sections_of(request.user)),
        "next": _next(request, 0),
        "may_escalate": scope.allows("incidents.open"),
        "may_note": bool(scope.teams("rota.page")),
    }
    return render(request, "desk/desk.html", shown)


def _next(request: HttpRequest, start: int) -> int:
    """Give where the piece after this one begins; 0 when this is the last."""
    after = start + knowledge.AT_ONCE
    return after if len(knowledge.cards_of(request.user)) > after else 0


@require_safe
@access.page()
def desk_figures(request: HttpRequest) -> HttpResponse:
    """Count what there is, for htmx; on its own it is a page of the figures."""
    wide = knowledge.waiting(knowledge.figures_of(request.user))
    return render(request, "desk/_figures.html" if wants_fragment(request) else "desk/desk.html", {"wide": wide})


@require_safe
@access.page()
def desk_rest(request: HttpRequest) -> HttpResponse:
    """Give the cards that come after the page, for htmx; on its own it is a page of them."""
    given = request.GET.get("from", "")
    start = int(given) if given.isdecimal() and len(given) <= 3 else knowledge.AT_ONCE
    filled = knowledge.desk_of(request.user, start)
    shown = {
        "next": _next(request, start),
        "cards": knowledge.waiting(filled),
        "quiet": knowledge.quiet(filled),
        "may_escalate": access.scope_of(request.user).allows("incidents.open"),
    }
    return render(request, "desk/_rest.html" if wants_fragment(request) else "desk/desk.html", shown)


@require_safe
@access.page("overview.view")
def overview(request: HttpRequest) -> HttpResponse:
    """Show how everything stands, by organisation and by team."""
    return render(request, "desk/overview.html", {"overview": queries.overview(request.user)})


@require_safe
@access.page("gate.view")
def ledger(request: HttpRequest) -> HttpResponseBase:
    """Show what left, what the gate refused, and the mail that waits for a person."""
    answer = request.GET.get("answer", "")
    found, order = queries.ledger(request.user, answer=answer), order_of(ORDERS, request.GET.get("sort", ""))
    if export.wanted(request):
        return export.answer(request, LEDGER, found.order_by(*order.fields))
    shown = {
        "page": keyset(found, order.fields, request.GET.get("cursor", "")),
        "orders": ORDERS,
        "order": order,
        "answer": answer,
        "unsettled": queries.unsettled_mail(request.user),
        "may_decide": any(access.scope_of(request.user).allows(verb) for verb in DECIDE),
    }
    return render(request, "desk/ledger.html", shown)


@require_POST
@access.page(*DECIDE)
def confirm(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Note that an uncertain message did arrive."""
    return _decided(request, uuid, _confirm, _("Noted: it arrived."))


@require_POST
@access.page(*DECIDE)
def again(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Send a message once more that did not arrive."""
    return _decided(request, uuid, notices.send_again, _("It is on its way once more."))


def _confirm(message: OutboxMessage, *, actor: Any) -> None:
    access.require_any(actor, DECIDE)
    outbox.confirm(message, actor=actor)


def _decided(request: HttpRequest, uuid: UUID, decide: Decide, said: str) -> HttpResponse:
    try:
        decide(queries.message_or_404(request.user, uuid), actor=request.user)
        messages.success(request, said)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    except outbox.Refused as refused:
        messages.error(request, _("The gate refused: %s") % refused.decision.reason)
    return redirect("ledger")


@require_safe
@access.page("audit.view")
def audit_trail(request: HttpRequest) -> HttpResponseBase:
    """Show what was done, by whom, as far as the person may know what it was done to."""
    found = queries.trail(request.user, verb=request.GET.get("verb", ""), actor=request.GET.get("actor", ""))
    order = order_of(ORDERS, request.GET.get("sort", ""))
    if export.wanted(request):
        return export.answer(request, TRAIL, found.order_by(*order.fields))
    shown = {
        "page": keyset(found, order.fields, request.GET.get("cursor", "")),
        "head": queries.newest_head(),
        "orders": ORDERS,
        "order": order,
    }
    return render(request, "desk/audit.html", shown)
