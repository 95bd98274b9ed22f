"""Write a playbook, and edit it as a checklist."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from tocsin.platform.access import page
from tocsin.rooms.incidents.pages.common import me
from tocsin.rooms.playbooks import actions, forms, queries
from tocsin.rooms.playbooks.knowledge import Line
from tocsin.rooms.playbooks.models import Playbook, PlaybookVersion
from tocsin.rooms.playbooks.queries.files import line_of

MANAGE = "playbooks.manage"


@require_http_methods(["GET", "HEAD", "POST"])
@page(MANAGE)
def playbook_new(request: HttpRequest) -> HttpResponseBase:
    """Begin a playbook."""
    form = forms.NewForm(request.POST or None)
    if not form.is_valid():
        return render(request, "playbooks/new.html", {"form": form})
    made = actions.write_new(actor=me(request), **form.cleaned_data)
    messages.success(request, _("Written. Add its steps."))
    return redirect("playbook_edit", uuid=made.uuid)


@require_http_methods(["GET", "HEAD", "POST"])
@page(MANAGE)
def playbook_edit(request: HttpRequest, uuid: UUID) -> HttpResponseBase:
    """Edit the newest version; a button on a line changes the page, only saving makes a version."""
    known = queries.playbook_or_404(request.user, uuid)
    version = queries.version_or_404(known, request.POST.get("seen", ""))
    base = [line_of(step) for step in version.steps.order_by("position")]
    if request.method != "POST":
        initial = {name: getattr(version, name) for name in ("name", "description", "tlp")}
        form = forms.WholeForm(initial=initial | {"types": ", ".join(version.types)})
        return _shown(request, known, version, form, forms.Draft(base, base))
    form = forms.WholeForm(request.POST)
    try:
        draft = forms.Draft.posted(request.POST, base)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect("playbook_edit", uuid=uuid)
    what = request.POST.get("do", "save")
    if what != "save":
        draft.do(what)
    elif form.is_valid():
        return _saved(request, known, version, form, draft)
    return _shown(request, known, version, form, draft)


def _saved(
    request: HttpRequest, known: Playbook, version: PlaybookVersion, form: forms.WholeForm, draft: forms.Draft
) -> HttpResponse:
    try:
        made = actions.save(
            actor=me(request), playbook=known, seen=version.number, lines=draft.save_ready(), **form.cleaned_data
        )
    except ValidationError as error:
        form.add_error(None, error)
        return _shown(request, known, version, form, draft)
    messages.success(request, _("Version %d is saved.") % made.number)
    return redirect("playbook", uuid=known.uuid)


def _shown(
    request: HttpRequest, known: Playbook, version: PlaybookVersion, form: forms.WholeForm, draft: forms.Draft
) -> HttpResponse:
    lines: list[Line] = draft.lines()
    shown = {"playbook": known, "version": version, "form": form, "rows": _numbered(lines)}
    return render(request, "playbooks/edit.html", shown)


def _numbered(lines: list[Line]) -> list[tuple[int, Line, str]]:
    """Give each line with its number, and the words that stand for a branch where it has none of its own."""
    rows, number = [], 0
    for line in lines:
        branch = line.kind == "branch"
        number += not branch and line.kind != "group"
        rows.append((0 if branch or line.kind == "group" else number, line, queries.branch_words(line)))
    return rows
