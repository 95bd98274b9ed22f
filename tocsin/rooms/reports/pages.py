"""The report of an incident: looked at first, then taken along."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from tocsin.platform.access import page
from tocsin.rooms.incidents.pages.common import me, show
from tocsin.rooms.incidents.queries import view_or_404
from tocsin.rooms.reports import actions, queries
from tocsin.rooms.reports.writing.markdown import markdown
from tocsin.rooms.reports.writing.pdf import pdf

FORMS = {"pdf": ("application/pdf", pdf), "md": ("text/markdown; charset=utf-8", markdown)}


@require_safe
@page("incidents.view", "incidents.part")
def incident_report(request: HttpRequest, uuid: UUID) -> HttpResponseBase:
    """Show the report as it would be written."""
    view = view_or_404(request.user, uuid)
    report = queries.report_of(view, _language(request))
    return show(request, view, "reports/incident.html", tab="report", report=report, languages=settings.LANGUAGES)


@require_safe
@page("incidents.view", "incidents.part")
def incident_report_file(request: HttpRequest, uuid: UUID) -> HttpResponseBase:
    """Give the report as a file, when the gate allows it."""
    view = view_or_404(request.user, uuid)
    kind, write = FORMS.get(request.GET.get("form", ""), FORMS["pdf"])
    decision = actions.take_along(actor=me(request), item=queries.item_of(view), incident=view.incident)
    if not decision.allowed:
        raise PermissionDenied(decision.reason)
    report = queries.report_of(view, _language(request))
    written = HttpResponse(write(report), content_type=kind)
    label = report.tlp.replace(":", "-").replace("+", "-")
    ending = "md" if write is markdown else "pdf"
    name = f"{report.reference}-{label}-{timezone.now():%Y%m%dT%H%MZ}.{ending}"
    written["Content-Disposition"] = f'attachment; filename="{name}"'
    return written


def _language(request: HttpRequest) -> str:
    chosen = request.GET.get("language", "")
    return chosen if chosen in dict(settings.LANGUAGES) else get_language() or "en"
