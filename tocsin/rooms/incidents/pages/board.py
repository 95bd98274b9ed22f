"""The board of a response team."""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from tocsin.platform.access import page
from tocsin.rooms.incidents import forms, queries


@require_safe
@page("incidents.view")
def board(request: HttpRequest) -> HttpResponseBase:
    """Show the open incidents by severity, the soonest due or the oldest on top."""
    form = forms.BoardForm(request.GET)
    chosen = form.cleaned_data if form.is_valid() else {}
    columns = queries.board(request.user, filters=chosen, sort=chosen.get("sort", ""))
    cards = [card for column in columns for card in column.cards]
    seen = queries.listed_organisations(request.user, cards)
    for card in cards:
        card.shown_organisations = seen.get(card.pk, [])
    kept = {name: value for name, value in chosen.items() if value and name != "sort"}
    links = [urlencode({**kept, "severity": column.severity.value, "sort": "due"}) for column in columns]
    shown = {"columns": zip(columns, links, strict=True), "filters": form}
    return render(request, "incidents/board.html", shown)
