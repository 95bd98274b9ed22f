"""The page people land on: what waits for them."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from tocsin.platform import access
from tocsin.rooms.desk import sections


@access.page()
def desk(request: HttpRequest) -> HttpResponse:
    """Show what waits for this person."""
    filled = sections.desk_of(request.user)
    waiting = sections.waiting(filled)
    return render(
        request,
        "desk/desk.html",
        {
            "wide": [one for one in waiting if one.section.wide],
            "cards": [one for one in waiting if not one.section.wide],
            "quiet": sections.quiet(filled),
        },
    )
