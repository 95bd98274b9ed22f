"""How long incidents take to be acknowledged, contained, recovered from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from tocsin.platform import export
from tocsin.platform.access import page
from tocsin.platform.calendar_files import calendars
from tocsin.rooms.incidents import forms, knowledge, queries
from tocsin.rooms.incidents.models import Deadline
from tocsin.rooms.incidents.schemas import DEADLINES


@dataclass(frozen=True, slots=True)
class Table:
    """All that is measured of one kind of promise, beside what is measured."""

    kind: Deadline.Kind
    title: object
    definition: Sequence[object]
    rows: Sequence[queries.Measure]


@require_safe
@page("incidents.view", "incidents.part")
def times(request: HttpRequest) -> HttpResponseBase:
    """Show the times by severity, each kind with its definition."""
    codes = queries.codes_in_reach(request.user)
    form = forms.TimesForm(request.GET, organisations=codes)
    chosen: dict[str, Any] = form.cleaned_data if form.is_valid() else {}
    period = queries.Period.of(chosen.get("begin"), chosen.get("end"))
    place = chosen.get("organisation", "")
    if export.wanted(request):
        found = queries.measured(request.user, period, place).select_related("incident", "person", "team")
        return export.answer(request, DEADLINES, found.order_by("started_at", "kind", "pk"))
    rows = queries.times(request.user, period, place)
    tables = [
        Table(kind, knowledge.TIMES[kind], knowledge.definition(kind), [row for row in rows if row.kind == kind])
        for kind in knowledge.TIMES
    ]
    if form.is_valid():
        filled = {"begin": period.begin, "end": period.end, "organisation": place}
        form = forms.TimesForm(filled, organisations=codes)
    shown = {
        "tables": tables,
        "filters": form,
        "period": period,
        "calendars": calendars(),
        "sees_due": queries.sees_due(request.user),
    }
    return render(request, "incidents/times.html", shown)
