"""Pages of the room: whom a list concerns, and who would be told."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_safe

from tocsin.platform.access import page
from tocsin.rooms.constituency import queries as constituency
from tocsin.rooms.notices import forms, queries

VIEW = "notices.view"


@require_http_methods(["GET", "HEAD", "POST"])
@page(VIEW)
def affected(request: HttpRequest) -> HttpResponse:
    """Say whom a list of indicators concerns, each with their own facts, and who would be told. Nothing is sent."""
    form = forms.AffectedForm(request.POST or None)
    shown: dict[str, Any] = {"form": form, "tab": "affected"}
    if form.is_valid():
        given = form.cleaned_data
        shown |= queries.preview(
            given["values"],
            kind=given["kind"],
            severity=given["severity"],
            at=datetime.now(UTC),
            within=constituency.codes(request.user, VIEW),
        )
    return render(request, "notices/affected.html", shown)


@require_safe
@page(VIEW)
def routing(request: HttpRequest) -> HttpResponse:
    """Say who would be told of one thing, by which rule, in which language, and who was passed over."""
    form = forms.RoutingForm(request.GET or None)
    shown: dict[str, Any] = {"form": form, "tab": "routing"}
    if form.is_valid():
        shown["asked"] = True
        shown["found"] = queries.simulate(
            form.cleaned_data["value"],
            **form.case(),
            at=form.moment(),
            within=constituency.codes(request.user, VIEW),
        )
    return render(request, "notices/routing.html", shown)
