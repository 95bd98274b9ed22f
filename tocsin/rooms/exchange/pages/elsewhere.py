"""The tab of an incident that says where else it lives: where it came from, and its tickets at others' systems."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from tocsin.platform.access import page
from tocsin.rooms.exchange import actions, queries
from tocsin.rooms.incidents.pages.common import done, me, show
from tocsin.rooms.incidents.queries import View, part_or_404, view_or_404


def _view(request: HttpRequest, uuid: UUID) -> View:
    view = view_or_404(request.user, uuid)
    if not view.handler:
        raise Http404("incident")
    return view


@require_safe
@page("incidents.view", "incidents.part")
def incident_elsewhere(request: HttpRequest, uuid: UUID) -> HttpResponseBase:
    """Show where an incident came from and where it is mirrored, to those who handle it."""
    view = _view(request, uuid)
    shown = {"origin": queries.origin_of(view.incident), "elsewhere": queries.elsewhere(view.incident, view.entities)}
    return show(request, view, "exchange/elsewhere.html", tab="elsewhere", **shown)


@require_POST
@page("incidents.work")
def incident_ticket_now(request: HttpRequest, uuid: UUID, ticket: UUID) -> HttpResponseBase:
    """Mirror a ticket now."""
    view = _view(request, uuid)
    found = queries.ticket_or_404(view.incident, view.entities, ticket)

    def do() -> str:
        actions.mirror_now(actor=me(request), ticket=found)
        return _("It is mirrored within seconds.")

    return done(request, view, do, reverse("incident_elsewhere", args=[uuid]))


@require_POST
@page("incidents.work")
def incident_ticket_begin(request: HttpRequest, uuid: UUID, part: UUID) -> HttpResponseBase:
    """Open a ticket for a part that was told of before its desk began."""
    view = _view(request, uuid)
    entity = part_or_404(view, part)

    def do() -> str:
        actions.begin_now(actor=me(request), entity=entity)
        return _("The ticket is opened within seconds.")

    return done(request, view, do, reverse("incident_elsewhere", args=[uuid]))
