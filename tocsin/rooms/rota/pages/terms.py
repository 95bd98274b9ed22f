"""Deputies and secondments."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from tocsin.platform.access import page
from tocsin.rooms.constituency.queries import managed_team_or_404
from tocsin.rooms.rota import actions, forms, queries
from tocsin.rooms.rota.pages.common import done, me

DEPUTIES, MANAGE = ("deputies.name", "constituency.manage"), "constituency.manage"


@require_http_methods(["GET", "HEAD", "POST"])
@page(*DEPUTIES)
def deputies(request: HttpRequest) -> HttpResponse:
    """Show who stands in when, and name somebody."""
    form = forms.DeputyForm(request.POST if request.method == "POST" else None, user=request.user)
    if form.is_valid():
        try:
            held = actions.name_deputy(actor=me(request), **form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, " ".join(error.messages))
        else:
            given = {"deputy": held.person, "officer": held.stands_in_for}
            messages.success(request, _("%(deputy)s stands in for %(officer)s. Both are told.") % given)
            return redirect("deputies")
    shown = {"form": form, "deputations": queries.deputations(request.user), "now": timezone.now()}
    return render(request, "rota/deputies.html", shown)


@require_POST
@page(*DEPUTIES)
def deputy_end(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """End a deputation before its last day."""
    held = queries.deputation_or_404(request.user, uuid)

    def do(_said: dict[str, Any]) -> str:
        actions.end_deputation(actor=me(request), held=held)
        return _("The role has ended.")

    return done(request, forms.NothingForm(request.POST), do, "deputies")


@require_http_methods(["GET", "HEAD", "POST"])
@page(MANAGE)
def second(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Let a person of another institution serve in a team for some time."""
    team = managed_team_or_404(request.user, uuid)
    form = forms.SecondForm(request.POST if request.method == "POST" else None, user=request.user, team=team)
    if form.is_valid():
        try:
            held = actions.second(actor=me(request), team=team, **form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, " ".join(error.messages))
        else:
            messages.success(
                request, _("%(person)s serves in the team then. Both sides are told.") % {"person": held.person}
            )
            return redirect("team", team.uuid)
    return render(request, "rota/second.html", {"team": team, "form": form})
