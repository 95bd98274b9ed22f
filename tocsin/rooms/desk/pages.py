"""The page people land on: what waits for them."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from tocsin.platform import access


@access.page()
def desk(request: HttpRequest) -> HttpResponse:
    """Show what waits for this person."""
    return render(request, "desk/desk.html")
