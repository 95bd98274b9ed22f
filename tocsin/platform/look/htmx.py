"""What htmx says of a request."""

from __future__ import annotations

from django.http import HttpRequest


def wants_fragment(request: HttpRequest) -> bool:
    """Tell whether htmx asks for a piece of a page rather than for the page: `HX-Request` without `HX-Boosted`."""
    return request.headers.get("HX-Request") == "true" and request.headers.get("HX-Boosted") != "true"
