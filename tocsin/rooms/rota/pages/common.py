"""What the pages of the room share: an action as a page, its outcome said."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render

from tocsin.rooms.accounts.models import Person
from tocsin.rooms.constituency.models import Team
from tocsin.rooms.rota.forms import errors_of

FORM = ["GET", "HEAD", "POST"]
Do = Callable[[dict[str, Any]], str]


def me(request: HttpRequest) -> Person:
    """Give who asks."""
    return cast("Person", request.user)


def posted(request: HttpRequest) -> QueryDict | None:
    """Give what was posted; none when a form is only looked at."""
    return request.POST if request.method == "POST" else None


def filled(request: HttpRequest, form: forms.Form, do: Do, team: Team, *, title: str, **more: Any) -> HttpResponse:
    """Show a form about a team's roster; once it is filled in well and done, lead back to the roster."""
    if form.is_valid():
        try:
            messages.success(request, do(form.cleaned_data))
        except ValidationError as error:
            form.add_error(None, " ".join(error.messages))
        else:
            return redirect("roster", team.uuid)
    return render(request, "rota/form.html", {"form": form, "team": team, "title": title, **more})


def done(request: HttpRequest, form: forms.Form, do: Do, to: str, *args: Any) -> HttpResponse:
    """Do what a form asks for, if it is filled in well, say how it went, and go to a page."""
    if not form.is_valid():
        for error in errors_of(form):
            messages.error(request, error)
        return redirect(to, *args)
    try:
        messages.success(request, do(form.cleaned_data))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return redirect(to, *args)
