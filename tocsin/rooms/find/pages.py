"""The page of results."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from tocsin.platform.access import page
from tocsin.platform.search.indexing import progress
from tocsin.platform.search.results import MOST, SHOWN, search
from tocsin.platform.search.sources import kinds
from tocsin.rooms.find import queries


@require_safe
@page()
def find(request: HttpRequest) -> HttpResponse:
    """Show what the person may see of what they ask for."""
    given = request.GET.dict()
    asked, start = queries.asked(given), queries.start_of(given.get("from", ""), MOST)
    results = search(request.user, asked, start)
    after = start + SHOWN
    content = {
        "asked": asked,
        "results": results,
        "kinds": kinds(),
        "facets": queries.facets(request.user, given, results),
        "widened": queries.widened(given),
        "next": queries.further(given, after) if results.count > after else "",
        "previous": queries.further(given, max(start - SHOWN, 0)) if start else "",
        "progress": progress(),
    }
    return render(request, "find/results.html", content)
