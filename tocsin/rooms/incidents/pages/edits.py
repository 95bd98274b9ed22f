"""Pages on which several people may edit the same at once: whoever comes second sees what the first one wrote."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from tocsin.platform.access import page
from tocsin.platform.look.htmx import wants_fragment
from tocsin.rooms.incidents import actions, forms, queries
from tocsin.rooms.incidents.pages import drawers
from tocsin.rooms.incidents.pages.common import opened, show

CONFLICT = 409  # RFC 9110, 15.5.10
OF_INCIDENT = ("title", "summary", "severity", "tlp", "rsit_class", "rsit_type")
get_or_post = require_http_methods(["GET", "HEAD", "POST"])


def worked_on(request: HttpRequest, uuid: UUID) -> queries.View:
    """Give an incident that the person may change; nothing else is here for them."""
    view = queries.view_or_404(request.user, uuid)
    if not queries.may_work(view):
        raise Http404("incident")
    return view


def _values(thing: Any, names: Iterable[str]) -> dict[str, Any]:
    return {name: getattr(thing, name) for name in names}


def edited(
    request: HttpRequest, view: queries.View, heading: str, form: forms.EditForm, save: Callable[..., Any]
) -> HttpResponse:
    """Save what was changed on a form and go back; or show it again, beside what somebody else wrote meanwhile."""
    clashes: tuple[actions.Clash, ...] = ()
    if form.is_bound and form.is_valid():
        try:
            save(shown=form.shown(), **form.changes())
        except actions.Clashed as clashed:
            clashes, form = clashed.clashes, form.again(clashed.clashes)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("Changed."))
            return redirect("incident", uuid=view.incident.uuid)
    rows = list(form.told(clashes))
    answer = show(
        request, view, "incidents/edit.html", tab="incident", form=form, rows=rows, clashes=clashes, edited=heading
    )
    if clashes:
        answer.status_code = CONFLICT
    return answer


@get_or_post
@page("incidents.work")
def change(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Change what is known of the incident."""
    view = worked_on(request, uuid)
    form = forms.ChangeForm(request.POST or None, view=view, initial=_values(view.incident, OF_INCIDENT))
    if wants_fragment(request) and not form.is_bound:
        return opened(request, view, drawers.CHANGE, form)

    def save(**given: Any) -> None:
        actions.change(actor=view.user, incident=view.incident, **given)

    return edited(request, view, _("Classify and change"), form, save)


@get_or_post
@page("incidents.work")
def part_change(request: HttpRequest, uuid: UUID, part: UUID) -> HttpResponse:
    """Change what is known of one organisation's part."""
    view = worked_on(request, uuid)
    entity = queries.part_or_404(view, part)
    form = forms.PartChangeForm(
        request.POST or None, view=view, initial=_values(entity, ("summary", "role", "aware_at"))
    )

    def save(**given: Any) -> None:
        actions.change_part(actor=view.user, entity=entity, **given)

    return edited(request, view, str(entity.organisation), form, save)


@get_or_post
@page("incidents.work")
def task_change(request: HttpRequest, uuid: UUID, task: UUID) -> HttpResponse:
    """Change what is to be done, or until when."""
    view = worked_on(request, uuid)
    known = queries.task_or_404(view, task)
    form = forms.TaskChangeForm(request.POST or None, view=view, initial=_values(known, ("title", "due_at")))

    def save(**given: Any) -> None:
        actions.change_task(actor=view.user, task=known, **given)

    return edited(request, view, known.title, form, save)


@get_or_post
@page("incidents.view", "incidents.part")
def entry_correct(request: HttpRequest, uuid: UUID, entry: UUID) -> HttpResponse:
    """Correct an entry one wrote oneself; the old text stays beside it."""
    view = queries.view_or_404(request.user, uuid)
    known = queries.entry_or_404(view, entry)
    if not queries.may_correct(view, known):
        raise Http404("entry")
    form = forms.CorrectForm(
        request.POST or None, view=view, entry=known, initial=_values(known, ("time", "text", "technique"))
    )
    if form.is_valid():
        try:
            actions.correct(actor=view.user, entry=known, **form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, error)
        except PermissionDenied as error:
            raise Http404("entry") from error
        else:
            messages.success(request, _("Corrected; the old text is kept beside it."))
            return redirect("incident", uuid=uuid)
    rows = [(bound, None, "") for bound in form.visible_fields()]
    return show(
        request, view, "incidents/edit.html", tab="incident", form=form, rows=rows, clashes=(),
        edited=_("Correct an entry"),
    )  # fmt: skip
