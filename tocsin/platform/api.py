"""The API for programs under /api/: every room's `api.py` brings its `router` and `PREFIX`.

A token comes as ``Authorization: Bearer``; it acts for its person, with no more rights than it was given.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from allauth.account.adapter import get_adapter
from django.apps import apps
from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.module_loading import import_string, module_has_submodule
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError
from ninja.parser import Parser
from ninja.security import HttpBearer

from tocsin import __version__
from tocsin.platform import access
from tocsin.platform.gate import Refused
from tocsin.platform.ratelimit import Rate

UNKNOWN = "Send 'Authorization: Bearer TOKEN'; this token is missing, unknown, revoked or past its end date."
TOO_OFTEN = "Too many requests; wait a minute."

guesses = Rate(60)  # wrong tokens a minute, by address
requests = Rate(3000)  # requests a minute, by token


class TokenAuth(HttpBearer):
    """Lets a program in with a person's token."""

    def authenticate(self, request: HttpRequest, token: str) -> Any:
        owner = import_string(settings.TOCSIN_BEARER)(token)
        if owner is None:
            if not guesses.allows(get_adapter().get_client_ip(request)):
                raise HttpError(429, TOO_OFTEN)
            return None
        person, found = owner
        if not requests.allows(str(found.pk)):
            raise HttpError(429, TOO_OFTEN)
        person.tocsin_scope = access.scope_of(person).limited_to(found.verbs)
        request.user = person
        return found


class NoNul(Parser):
    """Refuses what no database takes as text, before any route sees it."""

    def parse_body(self, request: HttpRequest) -> Any:
        if b"\\u0000" in request.body or b"\0" in request.body:
            raise HttpError(422, "A text holds NUL (\\u0000); leave it out.")
        return super().parse_body(request)


api = NinjaAPI(
    title="Tocsin",
    version=__version__,
    description=(
        "Alerts, incidents, organisations and receipts for programs. Collections answer `items` and `next`, take "
        "`updated_since` and `cursor`, and hold only what the token's person may see."
    ),
    urls_namespace="api",
    docs_url=None,
    parser=NoNul(),
    auth=TokenAuth(),
)


def _routers() -> Iterator[tuple[str, str, Any]]:
    for room in apps.get_app_configs():
        if room.name.startswith("tocsin.rooms.") and module_has_submodule(room.module, "api"):
            found = import_string(f"{room.name}.api.router")
            yield room.label, import_string(f"{room.name}.api.PREFIX"), found


for label, prefix, router in _routers():
    api.add_router(prefix, router, tags=[label])


def _refuse(request: HttpRequest, status: int, detail: object) -> HttpResponse:
    return api.create_response(request, {"detail": detail}, status=status)


@api.exception_handler(AuthenticationError)
def _unknown(request: HttpRequest, _error: AuthenticationError) -> HttpResponse:
    answer = _refuse(request, 401, UNKNOWN)
    answer["WWW-Authenticate"] = "Bearer"
    return answer


@api.exception_handler(PermissionDenied)
@api.exception_handler(Refused)
def _denied(request: HttpRequest, error: Exception) -> HttpResponse:
    return _refuse(request, 403, str(error) or "This token may not do that.")


@api.exception_handler(HttpError)
def _wrong(request: HttpRequest, error: HttpError) -> HttpResponse:
    cause = error.__cause__  # what the parser said, which the library replaces by less
    said = cause if isinstance(cause, HttpError) else error
    return _refuse(request, said.status_code, str(said))


@api.exception_handler(ValidationError)
def _invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    return _refuse(request, 400, error.messages)


@dataclass(frozen=True, slots=True)
class Described:
    """One operation as the page shows it."""

    method: str
    path: str
    text: str
    parameters: tuple[Mapping[str, Any], ...]
    body: tuple[str, ...]


def described() -> Iterator[Described]:
    """Read all operations out of the OpenAPI document."""
    schema = api.get_openapi_schema()
    for path, operations in sorted(schema["paths"].items()):
        for method, operation in operations.items():
            yield Described(
                method.upper(),
                path,
                operation.get("description") or operation.get("summary", ""),
                tuple(operation.get("parameters", ())),
                tuple(operation.get("requestBody", {}).get("content", ())),
            )


@access.page()
def docs(request: HttpRequest) -> HttpResponse:
    """Show what programs may ask: a page of our own, since the usual ones load scripts from elsewhere."""
    return render(request, "api_docs.html", {"operations": list(described()), "description": api.description})
