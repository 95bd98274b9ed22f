"""The tab of an incident that says where else it lives."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponseBase
from django.views.decorators.http import require_safe

from tocsin.platform.access import page
from tocsin.rooms.exchange import queries
from tocsin.rooms.incidents.pages.common import show
from tocsin.rooms.incidents.queries import view_or_404


@require_safe
@page("incidents.view", "incidents.part")
def incident_elsewhere(request: HttpRequest, uuid: UUID) -> HttpResponseBase:
    """Show where an incident came from, to those who handle it."""
    view = view_or_404(request.user, uuid)
    if not view.handler:
        raise Http404("incident")
    origin = queries.origin_of(view.incident)
    return show(request, view, "exchange/elsewhere.html", tab="elsewhere", origin=origin)
