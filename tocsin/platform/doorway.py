"""What every request passes first and every answer last."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeVar

from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.template.loader import render_to_string
from django.urls import Resolver404, resolve

Answer = Callable[[HttpRequest], HttpResponseBase]
V = TypeVar("V", bound=Callable[..., object])
BOUNDED_FROM = 1 << 20  # shorter forms are nobody's trouble
TURNING = re.compile(rb"\xe2(?:\x80[\xaa-\xae]|\x81[\xa6-\xa9])")  # U+202A to U+202E, U+2066 to U+2069 in UTF-8
FORMS = frozenset({"application/x-www-form-urlencoded", "multipart/form-data"})


def most_bytes(most: int) -> Callable[[V], V]:
    """Let a page take forms of at most so many bytes; what says it is longer is refused before a byte is read."""

    def declare(view: V) -> V:
        vars(view)["tocsin_most_bytes"] = most
        return view

    return declare


def bounded(get_response: Answer) -> Answer:
    """Middleware: refuse a form that is longer than its page takes; whoever looks at a form reads all of it."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        length = request.META.get("CONTENT_LENGTH") or "0"
        if request.content_type in FORMS and length.isdecimal() and int(length) > BOUNDED_FROM:
            most = getattr(_view(request.path_info), "tocsin_most_bytes", None)
            if most is not None and int(length) > most:
                return HttpResponse(render_to_string("413.html", {"most": most >> 20}), status=413)
        return get_response(request)

    return middleware


def _view(path: str) -> Callable[..., object] | None:
    try:
        return resolve(path).func
    except Resolver404:
        return None


class NoNul:
    """Middleware: refuse what no database takes as text and no browser sends, in addresses and in forms."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Look at the address."""
        if "\0" in request.path or "%00" in request.META.get("QUERY_STRING", ""):
            raise SuspiciousOperation("NUL in an address")
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: object, _args: object, _kwargs: object) -> None:
        """Look at the form, unless the page reads it itself, with its token, as one that takes in large files does."""
        # Programs send no forms; what they send instead is for their own route to judge.
        if request.path.startswith("/api/") or request.content_type not in FORMS:
            return
        if getattr(view, "csrf_exempt", False):
            return
        if any("\0" in value for _, values in request.POST.lists() for value in values):
            raise SuspiciousOperation("NUL in a form")


def no_turning(get_response: Answer) -> Answer:
    """Middleware: show the marks that turn the direction of text (Unicode TR 36) as what they are.

    Whoever names a file or a title puts them there to make it read as something else.
    """

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        if isinstance(response, HttpResponse) and response.get("Content-Type", "").startswith("text/html"):
            text, number = TURNING.subn(lambda found: _named(found[0]), response.content)
            if number:
                response.content = text
                if "Content-Length" in response:
                    response["Content-Length"] = str(len(response.content))
        return response

    return middleware


def _named(mark: bytes) -> bytes:
    return f"[U+{ord(mark.decode()):04X}]".encode()


def never_kept(get_response: Answer) -> Answer:
    """Middleware: nobody keeps a copy of a page or an answer that does not allow it itself."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        response.headers.setdefault("Cache-Control", "private, no-store")
        return response

    return middleware
