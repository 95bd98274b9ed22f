"""The page of one incident."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db.models import prefetch_related_objects
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from tocsin.platform.access import page
from tocsin.platform.calendar_files import calendars
from tocsin.platform.look.htmx import wants_fragment
from tocsin.rooms.constituency.models import Team
from tocsin.rooms.incidents import actions, forms, knowledge, queries
from tocsin.rooms.incidents.models import TimelineEntry
from tocsin.rooms.incidents.pages.common import show
from tocsin.rooms.incidents.pages.edits import OF_INCIDENT

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
    if offer is not None:
        actions.receive(actor=view.user, hand_off=offer)
    content: dict[str, Any] = {
        "offer": offer,
        "family": queries.family(view),
        **_deadlines(view),
        "rsit": knowledge.label(known.rsit_class, known.rsit_type),
        "may_inform": queries.may_inform(view),
        "notice_url": queries.notice_url(view),
        "may_comment": known.merged_into_id is None and (view.handler or queries.may_answer(view)),
    }
    if content["may_comment"]:
        content["comment_form"] = forms.CommentForm(view=view)
    if queries.may_work(view):
        content |= _working_forms(view)
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


def _working_forms(view: queries.View) -> dict[str, Any]:
    known = view.incident
    current = {name: getattr(known, name) for name in OF_INCIDENT}
    proposed = _proposed(view)
    return {
        "proposed": proposed,
        "change_form": forms.ChangeForm(view=view, initial=current),
        "reject_form": forms.RejectForm(view=view),
        "flag_forms": [(flag, flag.of(known), flag.choices()) for flag in knowledge.flags().values()],
        "event_form": forms.EventEntryForm(view=view, initial={"time": timezone.now().replace(microsecond=0)}),
        "parent_form": forms.ParentForm(view=view),
        "link_form": forms.LinkForm(view=view),
        "offer_form": forms.OfferForm(view=view, initial={"team": proposed.code} if proposed else {}),
        "seal_form": forms.SealForm(view=view),
        "task_form": forms.TaskForm(view=view),
        "organisation_form": forms.OrganisationForm(view=view),
        "inform_form": forms.InformForm(view=view),
    }


def _proposed(view: queries.View) -> Team | None:
    """Give the team that a flag proposes to offer the incident to."""
    services = [each.meaning.offer for each in knowledge.raised(view.incident) if each.meaning.offer]
    return queries.team_for(view.incident, services[0]) if services else None


@require_safe
@page("incidents.view")
def similar(request: HttpRequest, uuid: UUID) -> HttpResponseBase:
    """Show the incidents that name the same rare things, as a piece of the incident's page or by itself."""
    view = queries.view_or_404(request.user, uuid)
    found = view.similar()
    if wants_fragment(request):
        return render(request, "incidents/_similar.html", {"similar": found})
    return show(request, view, "incidents/similar.html", tab="similar", similar=found)
