"""One's own account: language, theme, time zone, password, second factor, tokens."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from tocsin.platform import access


@access.page()
def profile(request: HttpRequest) -> HttpResponse:
    """Show one's own account."""
    return render(request, "accounts/profile.html")
