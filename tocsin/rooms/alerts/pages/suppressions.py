"""What is kept quiet: the list, one suppression, and the forms to make, prolong and lift one."""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tocsin.platform import export
from tocsin.platform.access import page
from tocsin.platform.lists import bounded_count, keyset
from tocsin.platform.look.htmx import wants_fragment
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.alerts import actions, forms, queries
from tocsin.rooms.alerts.actions.errors import AlertError
from tocsin.rooms.alerts.models import Alert
from tocsin.rooms.alerts.schemas import EXPIRY, SUPPRESSIONS, Standing, SuppressionFilters


def _me(request: HttpRequest) -> Person:
    return cast("Person", request.user)


@require_safe
@page("alerts.view")
def suppressions(request: HttpRequest) -> HttpResponseBase:
    """List what is kept quiet, what soon is no longer, and what was."""
    filters = SuppressionFilters.read(request.GET)
    found, cursor = queries.suppressions(request.user, filters), request.GET.get("cursor", "")
    if export.wanted(request):
        return export.answer(request, SUPPRESSIONS, found.order_by(*filters.order.fields))
    shown = {
        "page": keyset(found, filters.order.fields, cursor),
        "count": "" if cursor else bounded_count(found),
        "filters": filters,
    }
    if wants_fragment(request):
        return render(request, "alerts/_suppressions.html", shown)
    shown |= {
        "tabs": Standing.choices,
        "orders": EXPIRY,
        "order": filters.order,
        "organisations": queries.organisations(request.user),
        "may_suppress": queries.may_triage(request.user),
    }
    return render(request, "alerts/suppressions.html", shown)


@require_safe
@page("alerts.view")
def suppression(request: HttpRequest, uuid: UUID) -> HttpResponseBase:
    """Show one suppression, what was done with it, and what may be done."""
    found = queries.suppression_or_404(request.user, uuid)
    shown: dict[str, Any] = {"suppression": found, "trail": queries.suppression_trail(found)}
    if found.in_force and queries.may_change(request.user, found):
        shown["prolong_form"] = forms.ProlongForm(user=_me(request), auto_id="prolong_%s")
        shown["lift_form"] = forms.LiftForm(auto_id="lift_%s")
    return render(request, "alerts/suppression.html", shown)


@require_http_methods(["GET", "HEAD", "POST"])
@page("alerts.triage")
def suppression_new(request: HttpRequest) -> HttpResponseBase:
    """Ask what to keep quiet, filled in from the alert or the rule that the person came from; then do it."""
    came_from = _alert(request)
    given = request.POST if request.method == "POST" else None
    form = forms.SuppressForm(given, user=_me(request), initial=_initial(request, came_from))
    if form.is_valid():
        try:
            made = actions.suppress(actor=_me(request), **form.what())
        except AlertError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("Later hits are kept, and stay out of the queue until then."))
            return redirect("alert", came_from.uuid) if came_from else redirect("suppression", made.uuid)
    return render(request, "alerts/suppression_new.html", {"form": form, "alert": came_from})


def _alert(request: HttpRequest) -> Alert | None:
    return queries.visible_by_uuids(request.user, [request.GET.get("alert", "")]).first()


def _initial(request: HttpRequest, alert: Alert | None) -> dict[str, str]:
    if alert is None:
        asked = {"rule": "rule", "organisation": "where", "subject": "subject"}
        return {field: request.GET[name] for name, field in asked.items() if name in request.GET}
    where = alert.organisation.code if alert.organisation else forms.NOBODYS
    return {"rule": alert.rule_id, "where": where, "subject": alert.subject}


@require_POST
@page("alerts.triage")
def suppression_prolong(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Let it hold until a later day."""
    found = queries.suppression_or_404(request.user, uuid)
    form = forms.ProlongForm(request.POST, user=_me(request))
    if not form.is_valid():
        messages.error(request, " ".join(str(error) for errors in form.errors.values() for error in errors))
        return redirect("suppression", uuid)
    try:
        actions.prolong(actor=_me(request), suppression=found, **form.cleaned_data)
        messages.success(request, _("It holds longer."))
    except AlertError as error:
        messages.error(request, str(error))
    return redirect("suppression", uuid)


@require_POST
@page("alerts.triage")
def suppression_lift(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """End it now."""
    found = queries.suppression_or_404(request.user, uuid)
    form = forms.LiftForm(request.POST)
    reason = form.cleaned_data["reason"] if form.is_valid() else ""
    try:
        actions.lift(actor=_me(request), suppression=found, reason=reason)
        messages.success(request, _("It has ended: what comes from now on is in the queue again."))
    except AlertError as error:
        messages.error(request, str(error))
    return redirect("suppression", uuid)
