"""One act on many incidents: chosen on the list, looked at, done, taken back."""

from __future__ import annotations

from collections import Counter
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from tocsin.platform.access import page
from tocsin.platform.bulk import packed, said, shown_by, ticket, unpacked
from tocsin.rooms.incidents import actions, forms, queries
from tocsin.rooms.incidents.models import BulkChange, Incident, Severity
from tocsin.rooms.incidents.pages.common import me
from tocsin.rooms.incidents.pages.edits import get_or_post


@require_POST
@page("incidents.work")
def bulk(request: HttpRequest) -> HttpResponse:
    """Show what would become of the incidents ticked, or of all that match; do it once that was seen."""
    home = _home(request)
    form, closing = forms.BulkForm(request.POST, user=me(request)), _closing(request)
    try:
        order = form.order(closing)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return HttpResponseRedirect(home)
    if "upto" in request.POST and "again" not in request.POST:
        try:
            return _done(request, home, order)
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
    return _shown(request, home, order, {"form": closing, "how": form.carried()})


def _home(request: HttpRequest) -> str:
    back = request.POST.get("back", "")
    return back if back.startswith(f"{reverse('incidents')}?") else reverse("incidents")


def _closing(request: HttpRequest) -> forms.ClosingForm:
    """Give the form of a closing; from the list it comes empty, and nothing is wrong with it yet."""
    return forms.ClosingForm(request.POST if "upto" in request.POST else None)


def _act(request: HttpRequest, home: str, order: actions.Order) -> tuple[str, ...]:
    """Give what a ticket is good for."""
    person = str(order.person.uuid) if order.person is not None else ""
    return str(me(request).uuid), home, order.act, person, str(order.severity), order.rsit_class


def _chosen(request: HttpRequest, home: str) -> QuerySet[Incident]:
    if "whole" in request.POST:
        return queries.matching(request.user, QueryDict(urlsplit(home).query).dict())
    return queries.ticked(request.user, request.POST.getlist("selected"))


def _shown(request: HttpRequest, home: str, order: actions.Order, content: dict[str, Any]) -> HttpResponse:
    plan = actions.plan_many(actor=me(request), found=_chosen(request, home), order=order)
    if not plan.able and not plan.why:
        messages.error(request, _("Select at least one incident."))
        return HttpResponseRedirect(home)
    severities = sorted(plan.severities, reverse=True)
    shown = {
        "plan": plan,
        "order": order,
        "total": len(plan.able),
        "more": plan.more,
        "levels": [(each, Severity(each).label, plan.severities[each]) for each in severities],
        "upto": ticket(packed(plan.able), *_act(request, home, order)),
        "back": home,
        "room": reverse("incidents"),
        "selected": [] if "whole" in request.POST else request.POST.getlist("selected"),
        "severity_label": Severity(order.severity).label if order.severity is not None else "",
    }
    return render(request, "incidents/bulk.html", shown | content)


def _done(request: HttpRequest, home: str, order: actions.Order) -> HttpResponse:
    shown = shown_by(request.POST["upto"], *_act(request, home, order))
    if shown is None:
        raise ValidationError(_("Look at what would change first."))
    change, passed = actions.change_many(
        actor=me(request), ids=unpacked(shown), order=order, all_or_none="strict" in request.POST
    )
    messages.success(request, said(_told(change, passed), reverse("incidents_bulk_change", args=[change.uuid])))
    return HttpResponseRedirect(home)


def _told(change: BulkChange, passed: Counter[str]) -> str:
    text = ngettext("%d incident changed.", "%d incidents changed.", change.count) % change.count
    if not passed:
        return text
    reasons = "; ".join(f"{number}: {actions.Why(code).label}" for code, number in passed.most_common())
    return f"{text} {_('Passed over meanwhile – %s.') % reasons}"


@get_or_post
@page("incidents.work")
def bulk_change(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Show what was done with many incidents at once, and take it back."""
    change = queries.bulk_change_or_404(request.user, uuid)
    if request.method != "POST":
        return render(request, "incidents/bulk_change.html", {"change": change})
    try:
        count = actions.undo_many(actor=me(request), change=change)
        messages.success(request, ngettext("%d incident is as before.", "%d incidents are as before.", count) % count)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return redirect("incidents")
