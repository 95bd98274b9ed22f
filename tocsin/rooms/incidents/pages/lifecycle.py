"""Pages on which an incident ends, is merged into another or taken apart, is split."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from tocsin.platform.access import page
from tocsin.rooms.incidents import actions, forms, queries
from tocsin.rooms.incidents.pages.common import done, show
from tocsin.rooms.incidents.pages.edits import get_or_post, worked_on

CLOSING = ("cause", "confidentiality", "integrity", "availability", "impact", "lesson")


@get_or_post
@page("incidents.work")
def close(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Close the incident; what is still open is listed and settled here, and what was typed stays meanwhile."""
    view = worked_on(request, uuid)
    earlier = {name: getattr(view.incident, f"closing_{name}") for name in CLOSING}
    if chosen := request.POST.get("settle"):
        _settle(request, view, chosen)
        form = forms.CloseForm(view=view, initial=request.POST.dict())
    else:
        form = forms.CloseForm(request.POST or None, view=view, initial=earlier)
    if form.is_valid():
        try:
            actions.close(actor=view.user, incident=view.incident, **form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("Closed."))
            return redirect("incident", uuid=uuid)
    ends, children = queries.open_ends(view), queries.open_children(view)
    if not (ends or children):
        del form.fields["anyway"]
    return show(request, view, "incidents/close.html", tab="incident", form=form, ends=ends, children=children)


def _settle(request: HttpRequest, view: queries.View, chosen: str) -> None:
    try:
        actions.settle(actor=view.user, incident=view.incident, chosen=chosen)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, _("Settled."))


@get_or_post
@page("incidents.work")
def merge(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Choose into which incident, look at what would move, merge."""
    view = worked_on(request, uuid)
    form = forms.MergeForm(request.POST or request.GET or None, view=view)
    planned = None
    if form.is_valid():
        given = form.cleaned_data
        target = queries.named(view.user, given["into"])
        try:
            if target is None:
                raise ValidationError(_("There is no incident %s that you may see.") % given["into"])
            if request.method == "POST" and given["seen"]:
                return _merged(request, view, target, given)
            planned = actions.plan_merge(actor=view.user, source=view.incident, target=target)
        except ValidationError as error:
            form.add_error(None, error)
        except PermissionDenied as error:
            form.add_error(None, str(error))
    likely = queries.suggested(view)
    return show(request, view, "incidents/merge.html", tab="incident", form=form, planned=planned, likely=likely)


def _merged(request: HttpRequest, view: queries.View, target: Any, given: dict[str, Any]) -> HttpResponse:
    actions.merge(
        actor=view.user, source=view.incident, target=target, reason=given["reason"], seen=given["seen"]
    )  # fmt: skip
    messages.success(
        request,
        _("%(source)s is merged into this. For 24 hours it can be taken apart again, on the page of %(source)s.")
        % {"source": view.incident.reference},
    )
    return redirect("incident", uuid=target.uuid)


@require_POST
@page("incidents.work")
def unmerge(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Take a merge apart again."""
    view = queries.view_or_404(request.user, uuid)

    def apart() -> str:
        actions.take_apart(actor=view.user, incident=view.incident)
        return _("Taken apart: everything that had moved is back here.")

    return done(request, view, apart)


@get_or_post
@page("incidents.work")
def split(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Choose what goes to a new incident."""
    view = worked_on(request, uuid)
    form = forms.SplitForm(request.POST or None, view=view)
    if form.is_valid():
        given = form.cleaned_data
        try:
            made = actions.split(
                actor=view.user, incident=view.incident, title=given["title"], reason=given["reason"],
                chosen=actions.Chosen(**form.chosen()),
            )  # fmt: skip
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("%s opened.") % made.reference)
            return redirect("incident", uuid=made.uuid)
    return show(request, view, "incidents/split.html", tab="incident", form=form)
