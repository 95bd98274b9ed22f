"""The page of one incident."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db.models import prefetch_related_objects
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from tocsin.platform.access import page
from tocsin.platform.calendar_files import calendars
from tocsin.platform.look.htmx import wants_fragment
from tocsin.rooms.incidents import actions, forms, knowledge, queries
from tocsin.rooms.incidents.models import TimelineEntry
from tocsin.rooms.incidents.pages import drawers
from tocsin.rooms.incidents.pages.common import show

ENTRIES, ENTRIES_MOST = 100, 2_000


@require_safe
@page("incidents.view", "incidents.part")
def incident(request: HttpRequest, uuid: UUID) -> HttpResponseBase:
    """Show one incident, in full or the parts of the person's own organisations."""
    view = queries.view_or_404(request.user, uuid)
    kind = request.GET.get("kind", "")
    most = ENTRIES_MOST if request.GET.get("timeline") == "all" else ENTRIES
    content = _content(view) | _timeline(view, most, kind if kind in TimelineEntry.Kind.values else "")
    return show(request, view, "incidents/incident.html", tab="incident", **content)


def _content(view: queries.View) -> dict[str, Any]:
    known, offer = view.incident, view.offer()
    if offer is not None and offer.received_at is None:
        actions.receive(actor=view.user, hand_off=offer)
    content: dict[str, Any] = {
        "offer": offer,
        "family": queries.family(view),
        **_deadlines(view),
        "rsit": knowledge.label(known.rsit_class, known.rsit_type),
        "may_inform": queries.may_inform(view),
        "notice_url": queries.notice_url(view),
        "may_comment": queries.may_comment(view),
        "drawers": drawers,
        "handled_by": drawers.handled_by(view),
        "proposed": queries.team_proposed(known) if queries.may_work(view) else None,
    }
    if content["may_comment"]:
        content["comment_form"] = forms.CommentForm(view=view)
    return content


def _deadlines(view: queries.View) -> dict[str, Any]:
    found = list(view.deadlines())
    running = (each for each in found if each.open and each.paused_at is None)
    return {"deadlines": found, "next_due": next(running, None), "calendars": calendars()}


def _timeline(view: queries.View, most: int, kind: str) -> dict[str, Any]:
    """Give the last entries, oldest first, in the reader's words, whether there are earlier ones, and the drawing."""
    found = view.timeline().filter(kind=kind) if kind else view.timeline()
    newest = list(found.order_by("-time", "-id")[: most + 1])
    earlier, entries = len(newest) > most, newest[:most][::-1]
    if any(entry.corrected_at for entry in entries):
        prefetch_related_objects(entries, "versions")
    for entry in entries:
        entry.said = knowledge.said(entry)
    marks: Iterable[Any] = ((entry.time, entry.kind, entry.pinned) for entry in entries)
    if earlier and not kind:
        marks = view.timeline().order_by("-time", "-id").values_list("time", "kind", "pinned")[:ENTRIES_MOST]
    return {
        "entries": entries,
        "earlier": earlier,
        "kind": kind,
        "kinds": TimelineEntry.Kind.choices,
        "key_entries": [entry for entry in entries if entry.pinned],
        "strip": None if kind else queries.strip([queries.Mark(*mark) for mark in marks]),
    }


@require_safe
@page("incidents.view", "incidents.part")
def told(request: HttpRequest, uuid: UUID) -> HttpResponseBase:
    """Show who was told what and what came back, and what left or was refused: a piece of the incident's page."""
    view = queries.view_or_404(request.user, uuid)
    content = {"told": view.told(), "sent": view.sent()}
    if wants_fragment(request):
        return render(request, "incidents/_told.html", content)
    return show(request, view, "incidents/told.html", tab="incident", **content)


@require_safe
@page("incidents.view")
def similar(request: HttpRequest, uuid: UUID) -> HttpResponseBase:
    """Show the incidents that name the same rare things, as a piece of the incident's page or by itself."""
    view = queries.view_or_404(request.user, uuid)
    found = view.similar()
    if wants_fragment(request):
        return render(request, "incidents/_similar.html", {"similar": found})
    return show(request, view, "incidents/similar.html", tab="similar", similar=found)
