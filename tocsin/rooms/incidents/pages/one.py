"""The page of one incident."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from tocsin.platform.access import page
from tocsin.rooms.incidents import forms, knowledge, queries
from tocsin.rooms.incidents.pages.common import show, wants_fragment

ENTRIES, ENTRIES_MOST = 100, 2_000


@require_safe
@page("incidents.view", "incidents.part")
def incident(request: HttpRequest, uuid: UUID) -> HttpResponseBase:
    """Show one incident, in full or the parts of the person's own organisations."""
    view = queries.view_or_404(request.user, uuid)
    content = _content(view, whole=request.GET.get("timeline") == "all")
    return show(request, view, "incidents/incident.html", tab="incident", **content)


def _content(view: queries.View, *, whole: bool) -> dict[str, Any]:
    known = view.incident
    content: dict[str, Any] = {
        "offer": next((h for h in view.hand_offs() if h.state == "offered"), None) if known.offered_to_id else None,
        **_timeline(view, ENTRIES_MOST if whole else ENTRIES),
        "rsit": knowledge.label(known.rsit_class, known.rsit_type),
        "comment_form": forms.CommentForm(view=view),
        "may_inform": queries.may_inform(view),
        "notice_url": queries.notice_url(view),
        "may_comment": view.handler or queries.may_answer(view),
    }
    if queries.may_work(view):
        content |= _working_forms(view)
    return content


def _timeline(view: queries.View, most: int) -> dict[str, Any]:
    """Give the last entries, oldest first, in the reader's words, and whether there are earlier ones."""
    newest = list(view.timeline().order_by("-time", "-id")[: most + 1])
    for entry in newest:
        entry.said = knowledge.said(entry)  # type: ignore[attr-defined]  # for the page
    return {"entries": newest[:most][::-1], "earlier": len(newest) > most}


def _working_forms(view: queries.View) -> dict[str, Any]:
    known = view.incident
    current = {
        name: getattr(known, name) for name in ("title", "summary", "severity", "tlp", "rsit_class", "rsit_type")
    }
    return {
        "change_form": forms.ChangeForm(view=view, initial=current),
        "close_form": forms.CloseForm(view=view),
        "offer_form": forms.OfferForm(view=view),
        "seal_form": forms.SealForm(view=view),
        "task_form": forms.TaskForm(view=view),
        "organisation_form": forms.OrganisationForm(view=view),
        "inform_form": forms.InformForm(view=view),
    }


@require_safe
@page("incidents.view")
def similar(request: HttpRequest, uuid: UUID) -> HttpResponseBase:
    """Show the incidents that name the same rare things, as a piece of the incident's page or by itself."""
    view = queries.view_or_404(request.user, uuid)
    found = view.similar()
    if wants_fragment(request):
        return render(request, "incidents/_similar.html", {"similar": found})
    return show(request, view, "incidents/similar.html", tab="similar", similar=found)
