"""What every request passes first and every answer last."""

from __future__ import annotations

from collections.abc import Callable

from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, HttpResponseBase

Answer = Callable[[HttpRequest], HttpResponseBase]
FORMS = frozenset({"application/x-www-form-urlencoded", "multipart/form-data"})


def no_nul(get_response: Answer) -> Answer:
    """Middleware: refuse what no database takes as text and no browser sends, in addresses and in forms."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        if "\0" in request.path or "%00" in request.META.get("QUERY_STRING", ""):
            raise SuspiciousOperation("NUL in an address")
        if request.content_type in FORMS and any(
            "\0" in value for _, values in request.POST.lists() for value in values
        ):
            raise SuspiciousOperation("NUL in a form")
        return get_response(request)

    return middleware


def never_kept(get_response: Answer) -> Answer:
    """Middleware: nobody keeps a copy of a page or an answer that does not allow it itself."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        response.headers.setdefault("Cache-Control", "private, no-store")
        return response

    return middleware
