"""Hand-offs: what waits for my teams and organisations, one of them, a new one, and what has risen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tocsin.platform import export
from tocsin.platform.access import page, scope_of
from tocsin.platform.gate import Refused
from tocsin.platform.lists import bounded_count, keyset
from tocsin.rooms.incidents import actions, forms, queries
from tocsin.rooms.incidents.knowledge import routes
from tocsin.rooms.incidents.models import HandOff
from tocsin.rooms.incidents.pages.common import me, show
from tocsin.rooms.incidents.schemas import HAND_OFFS, RISES

ROWS, COUNTED = 40, 1_000
VERBS = ("incidents.view", "incidents.part")
BY_AGE, BY_CHANGE = ("since", "id"), ("-updated_at", "-id")


@require_safe
@page(*VERBS)
def hand_offs(request: HttpRequest) -> HttpResponseBase:
    """List what waits for the person's teams and organisations, what they answered, what they sent, or all."""
    filters = request.GET.dict()
    box = queries.box_of(filters)
    found, order = queries.boxed(request.user, filters), queries.ORDERS[box]
    if export.wanted(request):
        return export.answer(request, HAND_OFFS, found.order_by(*order))
    shown = {
        "page": keyset(found, order, request.GET.get("cursor", ""), ROWS),
        "count": bounded_count(found, COUNTED),
        "filters": forms.HandOffFilterForm(request.GET or None),
        "box": box,
        "handles": scope_of(request.user).allows("incidents.view"),
    }
    return render(request, "incidents/hand_offs.html", shown)


@require_safe
@page(*VERBS)
def hand_off(request: HttpRequest, uuid: UUID) -> HttpResponseBase:
    """Show one hand-off with what it holds; the first time somebody of the receiver does, it is received."""
    found = queries.hand_off_or_404(request.user, uuid)
    actions.receive(actor=me(request), hand_off=found)
    route = routes.route(found.route)
    shown = {
        "hand_off": found,
        "route": route,
        "may_answer": found.waiting and queries.may_answer_hand_off(request.user, found),
        "may_withdraw": found.waiting and queries.may_withdraw(request.user, found),
        "sees_incident": queries.sees_incident(request.user, found),
        "rises": queries.rises_of(request.user, found),
        "may_take": scope_of(request.user).allows("incidents.work"),
        "refuse_form": forms.RefuseForm(),
        "take_form": forms.TakeUpForm(),
    }
    return render(request, "incidents/hand_off.html", shown)


@require_POST
@page(*VERBS)
def hand_off_accept(request: HttpRequest, uuid: UUID) -> HttpResponseBase:
    """Accept what was handed over."""
    found = queries.hand_off_or_404(request.user, uuid)
    said = _("You own this incident.") if found.moves else _("Accepted.")
    accepted = _tried(request, lambda: actions.accept(actor=me(request), hand_off=found), said)
    if accepted and found.moves:
        return redirect("incident", uuid=found.incident.uuid)
    return redirect("hand_off", uuid=uuid)


@require_POST
@page(*VERBS)
def hand_off_refuse(request: HttpRequest, uuid: UUID) -> HttpResponseBase:
    """Refuse what was handed over, with a reason."""
    found = queries.hand_off_or_404(request.user, uuid)
    form = forms.RefuseForm(request.POST)
    reason = form.cleaned_data["reason"] if form.is_valid() else ""
    refused = _tried(request, lambda: actions.refuse(actor=me(request), hand_off=found, reason=reason), _("Refused."))
    if refused and not queries.sees_hand_off(request.user, uuid):
        return redirect("hand_offs")
    return redirect("hand_off", uuid=uuid)


@require_POST
@page(*VERBS)
def hand_off_withdraw(request: HttpRequest, uuid: UUID) -> HttpResponseBase:
    """Take back what was not answered yet."""
    found = queries.hand_off_or_404(request.user, uuid)
    _tried(request, lambda: actions.withdraw(actor=me(request), hand_off=found), _("Withdrawn."))
    return redirect("hand_off", uuid=uuid)


def _tried(request: HttpRequest, do: Callable[[], object], said: str) -> bool:
    """Do something and say how it went."""
    try:
        do()
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    except Refused as refused:
        messages.error(request, _("The gate refused: %s") % refused.decision.reason)
    else:
        messages.success(request, said)
        return True
    return False


@require_safe
@page(*VERBS)
def incident_hand_offs(request: HttpRequest, uuid: UUID) -> HttpResponseBase:
    """Show what was handed over of an incident, and the ways that are open for more."""
    view = queries.view_or_404(request.user, uuid)
    listed = keyset(view.hand_offs(), ("-id",), request.GET.get("cursor", ""), ROWS)
    ways = [(way, [(queries.written(end), end) for end in way.receivers]) for way in queries.ways(view)]
    return show(request, view, "incidents/tab_hand_offs.html", tab="hand_offs", page=listed, ways=ways)


@require_http_methods(["GET", "HEAD", "POST"])
@page(*VERBS)
def incident_hand_over(request: HttpRequest, uuid: UUID) -> HttpResponseBase:
    """Hand something of an incident over: the way was chosen, what goes is ticked here."""
    view = queries.view_or_404(request.user, uuid)
    way = queries.way(view, request.GET.get("route", ""))
    receiver = _chosen(way.receivers, request.GET.get("to", "")) if way else None
    if way is None or receiver is None:
        messages.error(request, _("This way is not open to you here; choose another."))
        return redirect("incident_hand_offs", uuid=uuid)
    sender = _chosen([end for end in way.senders if end is not None], request.GET.get("as", "")) or way.senders[0]
    part = queries.part_at(view, sender, receiver)
    form = forms.HandOverForm(request.POST or None, view=view, way=way, part=part)
    if form.is_valid() and (sent := _handed(request, view, way, (sender, receiver), form)):
        return redirect("hand_off", uuid=sent.uuid)
    senders = [(queries.written(end), end) for end in way.senders if end is not None]
    shown = {
        "form": form, "way": way, "route": way.route, "sender": sender, "senders": senders, "receiver": receiver,
        "to": queries.written(receiver), "sending": queries.written(sender) if sender else "", "part": part,
    }  # fmt: skip
    return show(request, view, "incidents/hand_over.html", tab="hand_offs", **shown)


def _chosen(ends: Any, asked: str) -> queries.End | None:
    return next((end for end in ends if queries.written(end) == asked), None)


def _handed(
    request: HttpRequest,
    view: queries.View,
    way: queries.Way,
    ends: tuple[queries.End | None, queries.End],
    form: forms.HandOverForm,
) -> HandOff | None:
    """Hand over what the form says; what stands against it is said on the form."""
    given, (sender, receiver) = form.cleaned_data, ends
    chosen = {name: [UUID(one) for one in given.get(name, ())] for name in ("observables", "tasks", "alerts")}
    try:
        sent = actions.hand_over(
            actor=me(request), incident=view.incident, route=way.route.id, sender=sender, receiver=receiver,
            content=actions.Content(summary=given.get("summary", False), **chosen), tlp=given["tlp"],
            text=given["text"],
        )  # fmt: skip
    except ValidationError as error:
        form.add_error(None, error)
    except Refused as refused:
        form.add_error(None, _("The gate refused: %s") % refused.decision.reason)
    else:
        messages.success(request, str(_("Handed to %s.") % receiver))
        return sent
    return None


@require_safe
@page("incidents.view")
def rises(request: HttpRequest) -> HttpResponseBase:
    """List what nobody answers for: who had it, since when, why."""
    filters = request.GET.dict()
    found, order = queries.rises(request.user, filters), BY_CHANGE if filters.get("settled") == "yes" else BY_AGE
    if export.wanted(request):
        return export.answer(request, RISES, found.order_by(*order))
    shown = {
        "page": keyset(found, order, request.GET.get("cursor", ""), ROWS),
        "count": bounded_count(found, COUNTED),
        "filters": forms.RiseFilterForm(request.GET or None),
        "may_take": scope_of(request.user).allows("incidents.work"),
        "settled": filters.get("settled") == "yes",
        "box": "risen",
        "handles": True,
    }
    return render(request, "incidents/rises.html", shown)


@require_POST
@page("incidents.work")
def rise_take(request: HttpRequest, uuid: UUID) -> HttpResponseBase:
    """Take what has risen."""
    found = queries.rise_or_404(request.user, uuid)
    form = forms.TakeUpForm(request.POST)
    text = form.cleaned_data["text"] if form.is_valid() else ""
    _tried(request, lambda: actions.take_up(actor=me(request), rise=found, text=text), _("It is yours now."))
    return redirect("rises")
