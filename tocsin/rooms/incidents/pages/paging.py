"""Who was paged about an incident, and paging somebody."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponseBase
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from tocsin.platform.access import page
from tocsin.rooms.incidents import actions, forms, queries
from tocsin.rooms.incidents.pages.common import act, show
from tocsin.rooms.rota import queries as rota


@require_safe
@page("incidents.view", "incidents.part")
def incident_pages(request: HttpRequest, uuid: UUID) -> HttpResponseBase:
    """Show who was paged about an incident, and page somebody."""
    view = queries.view_or_404(request.user, uuid)
    if not view.handler:
        raise Http404("pages")
    content: dict[str, Any] = {"pages": rota.pages_about(request.user, uuid), "may_page": queries.may_work(view)}
    if queries.may_work(view):
        content["page_form"] = forms.PageForm(view=view)
    return show(request, view, "incidents/pages.html", tab="pages", **content)


@act(forms.PageForm, back="incident_pages")
def page_team(view: queries.View, form: Any) -> str:
    """Page whoever is on call in a team."""
    paged = actions.page_team(actor=view.user, incident=view.incident, **form.cleaned_data)
    return _("%(reference)s is on its way.") % {"reference": paged.reference}
