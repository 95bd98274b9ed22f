"""The page people land on: what waits for them."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from tocsin.platform import access
from tocsin.rooms.desk import knowledge


@access.page()
def desk(request: HttpRequest) -> HttpResponse:
    """Show what waits for this person."""
    filled = knowledge.desk_of(request.user)
    waiting = knowledge.waiting(filled)
    return render(
        request,
        "desk/desk.html",
        {
            "wide": [one for one in waiting if one.section.wide],
            "cards": [one for one in waiting if not one.section.wide],
            "quiet": knowledge.quiet(filled),
        },
    )
