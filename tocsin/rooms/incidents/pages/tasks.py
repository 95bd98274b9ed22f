"""The list of tasks over all incidents."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from tocsin.platform import export
from tocsin.platform.access import page
from tocsin.platform.lists import bounded_count, keyset
from tocsin.platform.look.htmx import wants_fragment
from tocsin.rooms.incidents import forms, queries
from tocsin.rooms.incidents.schemas import TASKS

ROWS = 40


@require_safe
@page("incidents.view", "incidents.part")
def tasks(request: HttpRequest) -> HttpResponseBase:
    """List what is to be done in the incidents the person may know of."""
    filters = request.GET.dict()
    found, order = queries.tasks_in(request.user, filters), queries.tasks_order(filters)
    if export.wanted(request):
        return export.answer(request, TASKS, found.order_by(*order))
    organisations = queries.codes_in_reach(request.user)
    shown = {
        "page": keyset(found, order, request.GET.get("cursor", ""), ROWS),
        "count": bounded_count(found),
        "filters": forms.TaskFilterForm(request.GET or None, organisations=organisations),
        "sees_due": queries.sees_due(request.user),
    }
    return render(
        request, "incidents/_task_list.html" if wants_fragment(request) else "incidents/task_list.html", shown
    )
