"""Playbooks on an incident: those that fit, the runs, and one run step by step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from tocsin.platform.access import page
from tocsin.rooms.incidents.pages.common import done, show
from tocsin.rooms.incidents.queries import View, may_work, view_or_404
from tocsin.rooms.playbooks import actions, forms, queries
from tocsin.rooms.playbooks.models import Run, Step, Tick

VIEW = "incidents.view"
Act = Callable[[View, Run, Step, Any], str]


@require_safe
@page(VIEW)
def runs(request: HttpRequest, uuid: UUID) -> HttpResponseBase:
    """Show the runs on an incident and what could be started, what fits first."""
    view = view_or_404(request.user, uuid)
    content: dict[str, Any] = {"runs": queries.progress_of(list(queries.runs_on(view)))}
    if may_work(view) and view.incident.open:
        content["offered"] = queries.offered(request.user, view.incident)
    return show(request, view, "playbooks/runs.html", tab="playbooks", **content)


@require_safe
@page(VIEW)
def run(request: HttpRequest, uuid: UUID, run: UUID) -> HttpResponseBase:
    """Show one run: every step, who said what of it and when, and what is next."""
    view = view_or_404(request.user, uuid)
    shown = queries.shown(queries.run_or_404(view, run))
    acting = may_work(view) and shown.run.state == Run.State.RUNNING
    content: dict[str, Any] = {"shown": shown, "run": shown.run, "course": shown.course, "acting": acting}
    if acting:
        content["people"] = queries.people_for(view)
    return show(request, view, "playbooks/run.html", tab="playbooks", **content)


@require_POST
@page(VIEW)
def start(request: HttpRequest, uuid: UUID) -> HttpResponseBase:
    """Begin a playbook."""
    view = view_or_404(request.user, uuid)
    form = forms.StartForm(request.POST, view=view)
    if not form.is_valid():
        messages.error(request, _("Choose a playbook."))
        return redirect("incident_playbooks", uuid=uuid)
    known = queries.playbook_or_404(request.user, form.cleaned_data["playbook"])
    try:
        begun = actions.start(actor=view.user, incident=view.incident, playbook=known)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect("incident_playbooks", uuid=uuid)
    return redirect("incident_run", uuid=uuid, run=begun.uuid)


def _act(form_class: type[forms.TickForm] | type[Any]) -> Callable[[Act], Callable[..., HttpResponseBase]]:
    """Make a page of what is said of a step: POST only, form checked, the outcome said, back at the step."""

    def made(do: Act) -> Callable[..., HttpResponseBase]:
        @require_POST
        @page(VIEW)
        def posted(request: HttpRequest, /, uuid: UUID, run: UUID, position: int) -> HttpResponseBase:
            view = view_or_404(request.user, uuid)
            found = queries.run_or_404(view, run)
            step = queries.step_or_404(found, position)
            form = form_class(request.POST, view=view)
            back = reverse("incident_run", kwargs={"uuid": uuid, "run": run})
            if not form.is_valid():
                for errors in form.errors.values():
                    messages.error(request, " ".join(str(error) for error in errors))
            else:
                done(request, view, lambda: do(view, found, step, form.cleaned_data))
            return redirect(f"{back}#step-{position}")

        return posted

    return made


@_act(forms.TickForm)
def tick(view: View, run: Run, step: Step, said: Any) -> str:
    """Say of a step that it is done, skipped or failed."""
    after = actions.tick(actor=view.user, run=run, step=step, **said)
    return _outcome(after, step, str(Tick.State(said["state"]).label))


@_act(forms.ChooseForm)
def choose(view: View, run: Run, step: Step, said: Any) -> str:
    """Decide how it goes on."""
    place = said["branch"]
    branch = queries.step_or_404(run, place) if place is not None else None
    after = actions.choose(actor=view.user, run=run, step=step, branch=branch, text=said["text"])
    return _outcome(after, step, branch.shown_title if branch else _("go on"))


@_act(forms.UndoForm)
def undo(view: View, run: Run, step: Step, said: Any) -> str:
    """Take back what was said of a step."""
    actions.undo(actor=view.user, run=run, step=step, text=said["text"])
    return _("Taken back: %s") % step.shown_title


@_act(forms.AssignForm)
def assign(view: View, run: Run, step: Step, said: Any) -> str:
    """Give a step to somebody."""
    actions.assign(actor=view.user, run=run, step=step, **said)
    return _("It is a task of the incident now.")


@require_POST
@page(VIEW)
def stop(request: HttpRequest, uuid: UUID, run: UUID) -> HttpResponseBase:
    """End a run before its end."""
    view = view_or_404(request.user, uuid)
    found = queries.run_or_404(view, run)
    form = forms.StopForm(request.POST, view=view)
    if not form.is_valid():
        messages.error(request, _("Say why it is stopped."))
    else:
        done(request, view, lambda: _stopped(view, found, form.cleaned_data["reason"]))
    return redirect("incident_run", uuid=uuid, run=run)


def _stopped(view: View, run: Run, reason: str) -> str:
    actions.stop(actor=view.user, run=run, reason=reason)
    return _("The run is stopped.")


def _outcome(run: Run, step: Step, said: str) -> str:
    if run.state == Run.State.DONE:
        return _("That was the last step: the playbook is gone through.")
    return f"{step.shown_title}: {said}"
