"""Each person's own language on every page."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.cache import patch_vary_headers


class PersonLanguage:
    """Speak the language a person chose; where nobody is signed in, the browser's (Django's LocaleMiddleware)."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        person = request.user
        if person.is_authenticated and person.language in dict(settings.LANGUAGES):
            request.LANGUAGE_CODE = person.language
            with translation.override(person.language):
                response = self.get_response(request)
            response.headers.setdefault("Content-Language", person.language)
        else:
            response = self.get_response(request)
        patch_vary_headers(response, ["HX-Request"])  # a fragment is never kept as the page
        return response
