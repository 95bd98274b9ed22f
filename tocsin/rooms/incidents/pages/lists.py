"""The list of incidents, and opening a new one."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from tocsin.platform import export
from tocsin.platform.access import page
from tocsin.platform.lists import bounded_count, keyset
from tocsin.platform.look.htmx import wants_fragment
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.alerts import queries as alert_queries
from tocsin.rooms.incidents import actions, forms, knowledge, queries
from tocsin.rooms.incidents.models import Incident, Severity
from tocsin.rooms.incidents.pages.common import done, me
from tocsin.rooms.incidents.schemas import INCIDENTS

BY_SEVERITY = ("-severity", "-updated_at", "-id")
BY_CHANGE = ("-updated_at", "-id")
BY_DUE = ("next_due_at", "id")
ROWS = 40  # more than two screens


@require_safe
@page("incidents.view", "incidents.part")
def incidents(request: HttpRequest) -> HttpResponseBase:
    """List the incidents the person may know of."""
    found = queries.queue(request.user, filters=request.GET.dict())
    sees_due = queries.sees_due(request.user)
    orders = {"changed": BY_CHANGE} | ({"due": BY_DUE} if sees_due else {})
    order = orders.get(request.GET.get("sort", ""), BY_SEVERITY)
    if export.wanted(request):
        return export.answer(request, INCIDENTS, found.only().order_by(*order))
    listed = keyset(found, order, request.GET.get("cursor", ""), ROWS)
    seen = queries.listed_organisations(request.user, list(listed.items))
    for incident in listed.items:
        incident.shown_organisations = seen.get(incident.pk, [])
    shown = {
        "page": listed,
        "count": bounded_count(queries.queue(request.user, filters=request.GET.dict(), to_count=True)),
        "filters": forms.FilterForm(
            request.GET or None, organisations=queries.codes_in_reach(request.user), due=sees_due
        ),
        "sees_due": sees_due,
        "figure": queries.figure(request.GET.dict()),
        "may_open": queries.may_open(request.user),
        "may_work": queries.works_on_incidents(request.user),
        "severities": Severity.choices,
    }
    if shown["may_work"]:
        shown["colleagues"] = list(queries.colleagues(request.user))
    template = "incidents/_list.html" if wants_fragment(request) else "incidents/list.html"
    return render(request, template, shown)


@require_http_methods(["GET", "HEAD", "POST"])
@page("incidents.open")
def incident_new(request: HttpRequest) -> HttpResponseBase:
    """Open an incident from nothing but a title, as on the telephone."""
    form = forms.OpenForm(request.POST or None, user=me(request))
    if form.is_valid() and (opened := _open(request, form)):
        return opened
    shown = {"form": form, "may_work": queries.works_on_incidents(request.user)}
    return render(request, "incidents/new.html", shown)


@require_http_methods(["GET", "HEAD", "POST"])
@page("incidents.open")
def incident_from_alerts(request: HttpRequest) -> HttpResponseBase:
    """Open an incident from alerts, with everything filled in that they tell."""
    chosen = request.GET.getlist("alert") or request.POST.getlist("alert")
    alerts = list(alert_queries.visible_by_uuids(request.user, chosen))
    if not alerts:
        messages.error(request, _("Choose at least one alert."))
        return redirect("alerts")
    known = list(queries.joinable(request.user, [a.organisation for a in alerts if a.organisation]))
    if "join" in request.POST:
        return _join(request, request.POST["join"], known, alerts)
    form = forms.OpenForm(
        request.POST if "title" in request.POST else None, user=me(request), initial=_told_by(me(request), alerts)
    )
    if form.is_valid() and (opened := _open(request, form, alerts=alerts)):
        return opened
    return render(request, "incidents/new.html", {"form": form, "alerts": alerts, "joinable": known})


def _join(request: HttpRequest, chosen: str, known: list[Incident], alerts: list[Any]) -> HttpResponse:
    incident = next((one for one in known if str(one.uuid) == chosen), None)
    if incident is None:
        messages.error(request, _("Choose one of the incidents you handle."))
        return redirect("alerts")
    return done(request, queries.view_or_404(request.user, incident.uuid), lambda: _joined(request, incident, alerts))


def _joined(request: HttpRequest, incident: Incident, alerts: list[Any]) -> str:
    actions.join_alerts(actor=me(request), incident=incident, alerts=alerts)
    return ngettext("%d alert added.", "%d alerts added.", len(alerts)) % len(alerts)


def _told_by(user: Person, alerts: list[Any]) -> dict[str, Any]:
    worst = max(alerts, key=lambda alert: alert.level)
    one = len({alert.organisation_id for alert in alerts}) == 1
    team = queries.default_team(user, [a.organisation for a in alerts if a.organisation])
    return {
        # Everyone concerned reads the title: it names a subject only when it is everyone's own.
        "title": f"{worst.title} – {worst.subject}"[:200] if one and worst.subject else worst.title,
        "organisations": sorted({a.organisation.code for a in alerts if a.organisation}),
        "rsit_type": knowledge.suggested_type(
            (technique for alert in alerts for technique in alert.techniques), (alert.title for alert in alerts)
        ),
        "severity": {0: Severity.BASELINE, 1: Severity.LOW, 2: Severity.MEDIUM}.get(worst.level, Severity.HIGH),
        "offer_to": team.code if team else None,
    }


def _open(request: HttpRequest, form: forms.OpenForm, **more: Any) -> HttpResponse | None:
    try:
        opened = actions.open_incident(actor=me(request), **form.cleaned_data, **more)
    except ValidationError as error:
        form.add_error(None, error)
        return None
    messages.success(request, _("%s opened.") % opened.reference)
    return redirect("incident", uuid=opened.uuid)
