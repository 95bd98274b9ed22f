"""Everything one sees, for programs: kind by kind, oldest change first, to keep a copy elsewhere up to date."""

from __future__ import annotations

from typing import Any, cast

from django.http import HttpRequest
from ninja import Query, Router, Schema
from ninja.errors import HttpError

from tocsin.platform.access import require
from tocsin.platform.api_lists import Items, Window
from tocsin.platform.gate import Action
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.exchange import actions, queries
from tocsin.rooms.exchange.querysets import EXPORT

PREFIX = "/export"
router = Router()


class KindOut(Schema):
    """One kind of line."""

    kind: str
    about: str


@router.get("", response=list[KindOut], summary="List the kinds")
def kinds(request: HttpRequest) -> list[dict[str, str]]:
    """Give the kinds of lines that the token's person may take along."""
    require(request.user, EXPORT)
    return [{"kind": kind, "about": about} for kind, about in queries.kinds_about(request.user)]


@router.get("/{kind}", response=Items[dict[str, Any]], summary="Read one kind")
def lines(request: HttpRequest, kind: str, window: Query[Window]) -> dict[str, Any]:
    """Give the lines of one kind; ``limit`` counts incidents for what belongs to incidents, 200 at most.

    The fields stand in docs/reference/export.md. A line that was read before comes again when it, or anything else
    of its incident, has changed: keep what came last under its uuid.
    """
    require(request.user, EXPORT)
    if kind not in queries.KINDS:
        raise HttpError(404, f"There is no kind {kind!r}; the kinds are {', '.join(queries.KINDS)}.")
    taking = actions.Taking(cast("Person", request.user), Action.API)
    found, following = taking.page(
        queries.KINDS[kind], window.updated_since, window.cursor, min(window.limit, actions.PAGE)
    )
    return {"items": found, "next": following}
