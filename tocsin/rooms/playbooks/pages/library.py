"""The list of playbooks, one of them, and files that come and go."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tocsin.platform import export
from tocsin.platform.access import page
from tocsin.platform.lists import bounded_count, keyset
from tocsin.platform.look.htmx import wants_fragment
from tocsin.platform.markings import TLP
from tocsin.rooms.incidents.pages.common import me
from tocsin.rooms.playbooks import actions, forms, queries
from tocsin.rooms.playbooks.knowledge import Unusable
from tocsin.rooms.playbooks.schemas import PLAYBOOKS

VIEW, MANAGE, ROWS = "incidents.view", "playbooks.manage", 50
REMARKS_SHOWN = 5


@require_safe
@page(VIEW)
def playbooks(request: HttpRequest) -> HttpResponseBase:
    """List the playbooks."""
    form = forms.FilterForm(request.GET or None)
    chosen = {name: value for name, value in form.cleaned_data.items() if value} if form.is_valid() else {}
    found = queries.listed(request.user, **chosen)
    if export.wanted(request):
        return export.answer(request, PLAYBOOKS, found.order_by(*queries.ORDER))
    listed = keyset(found, queries.ORDER, request.GET.get("cursor", ""), ROWS)
    counts = queries.step_counts(list(listed.items))
    for one in listed.items:
        one.shown_steps, one.shown_fits = counts.get(one.current_id, 0), queries.fits(one)
    shown = {"page": listed, "count": bounded_count(found), "filters": form}
    if wants_fragment(request):
        return render(request, "playbooks/_list.html", shown)
    return render(request, "playbooks/list.html", shown | {"may_manage": queries.may_manage(request.user)})


@require_safe
@page(VIEW)
def playbook(request: HttpRequest, uuid: UUID) -> HttpResponseBase:
    """Show one playbook: its checklist, the same drawn, and what else is known of it."""
    known = queries.playbook_or_404(request.user, uuid)
    version = queries.version_or_404(known, request.GET.get("version", ""))
    course = queries.course_of(version.steps.order_by("position"), ())
    shown = {
        "playbook": known,
        "version": version,
        "rows": course.rows,
        "drawing": queries.draw(row.step for row in course.rows),
        "fits": queries.fits(known),
        "versions": queries.versions(known),
        "runs": queries.runs_of(request.user, known),
        "may_manage": queries.may_manage(request.user),
    }
    if shown["may_manage"]:
        settled = {"rsit": known.rsit, "severity_from": known.severity_from}
        team = known.owner_team.code if known.owner_team else None
        shown["settle_form"] = forms.SettleForm(initial=settled | {"owner_team": team})
    return render(request, "playbooks/playbook.html", shown)


@require_http_methods(["GET", "HEAD", "POST"])
@page(MANAGE)
def playbook_import(request: HttpRequest) -> HttpResponseBase:
    """Take a file in, or say everything that is wrong with it."""
    form = forms.ImportForm(request.POST or None, request.FILES or None)
    if not form.is_valid():
        return render(request, "playbooks/import.html", {"form": form})
    try:
        taken = actions.take_file(actor=me(request), raw=form.raw())
    except Unusable as error:
        return render(request, "playbooks/import.html", {"form": form, "problems": error.problems})
    except ValidationError as error:
        form.add_error(None, error)
        return render(request, "playbooks/import.html", {"form": form})
    if taken.new:
        messages.success(request, _("%s is taken in.") % taken.playbook.name)
    else:
        messages.info(request, _("%s is here already; nothing was changed.") % taken.playbook.name)
    for remark in taken.remarks[:REMARKS_SHOWN]:
        messages.warning(request, str(remark))
    return redirect("playbook", uuid=taken.playbook.uuid)


@require_POST
@page(MANAGE)
def playbook_starter(request: HttpRequest) -> HttpResponseBase:
    """Take in the playbooks that come with Tocsin."""
    try:
        new = sum(taken.new for taken in actions.take_starter(actor=me(request)))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, ngettext("%d playbook is new.", "%d playbooks are new.", new) % new)
    return redirect("playbooks")


@require_safe
@page(VIEW)
def playbook_file(request: HttpRequest, uuid: UUID) -> HttpResponseBase:
    """Give a version as a CACAO file, when the gate allows it."""
    known = queries.playbook_or_404(request.user, uuid)
    version = queries.version_or_404(known, request.GET.get("version", ""))
    try:
        raw = actions.export_file(actor=me(request), playbook=known, version=version)
    except PermissionDenied as refused:
        messages.error(request, _("The gate refused: %s") % refused)
        return redirect("playbook", uuid=uuid)
    marking = TLP(version.tlp).label.replace(":", "-").replace("+", "-")
    name = f"{slugify(version.name)[:60] or 'playbook'}-v{version.number}-{marking}.json"
    answer = HttpResponse(raw, content_type="application/json")
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


@require_POST
@page(MANAGE)
def playbook_settle(request: HttpRequest, uuid: UUID) -> HttpResponseBase:
    """Say for which incidents it is."""
    known = queries.playbook_or_404(request.user, uuid)
    form = forms.SettleForm(request.POST)
    if form.is_valid():
        actions.settle(actor=me(request), playbook=known, **form.cleaned_data)
        messages.success(request, _("Changed."))
    for errors in form.errors.values():
        messages.error(request, " ".join(str(error) for error in errors))
    return redirect("playbook", uuid=uuid)


@require_POST
@page(MANAGE)
def playbook_switch(request: HttpRequest, uuid: UUID) -> HttpResponseBase:
    """Offer it on incidents, or no longer."""
    known, on = queries.playbook_or_404(request.user, uuid), request.POST.get("on") == "1"
    actions.switch(actor=me(request), playbook=known, on=on)
    messages.success(request, _("It is offered on incidents.") if on else _("It is no longer offered."))
    return redirect("playbook", uuid=uuid)
