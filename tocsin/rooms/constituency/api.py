"""Organisations for programs: who is served, who is responsible, what is whose."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Query, Router, Schema

from tocsin.platform.access import require
from tocsin.platform.api_lists import Items, Window, page_of
from tocsin.rooms.constituency import queries
from tocsin.rooms.constituency.models import Organisation

PREFIX = "/organisations"
VERB = "constituency.view"
router = Router()


class ReachOut(Schema):
    """Somebody to reach: a person with a role, or a desk."""

    role: str
    name: str
    email: str
    phone: str = ""


class OrganisationOut(Schema):
    """One organisation."""

    uuid: UUID
    code: str
    name: str
    name_fr: str
    kind: str
    parent: str | None
    country: str
    timezone: str
    language: str
    needs_officer: bool
    active: bool
    contacts: list[ReachOut]
    updated_at: datetime

    @staticmethod
    def resolve_parent(row: Organisation) -> str | None:
        return row.parent.code if row.parent else None

    @staticmethod
    def resolve_contacts(row: Any) -> list[dict[str, str]]:
        people = [{"role": m.role, "name": str(m.person), "email": m.person.email} for m in row.officers]
        desks = [{"role": c.role, "name": c.name, "email": c.email, "phone": c.phone} for c in row.contacts.all()]
        return people + desks


class AssetOut(Schema):
    """One range or name, and when it is the organisation's."""

    kind: str
    value: str
    valid_from: datetime | None
    valid_to: datetime | None


class OneOut(OrganisationOut):
    """One organisation with what it holds."""

    assets: list[AssetOut]

    @staticmethod
    def resolve_assets(row: Any) -> list[Any]:
        return list(row.assets.all())


class OwnedOut(Schema):
    """One entry that fits a value, whether it decides, and why."""

    organisation: str
    kind: str
    value: str
    wins: bool
    why: str


@router.get("", response=Items[OrganisationOut])
def organisations(request: HttpRequest, window: Query[Window]) -> dict[str, Any]:
    """Organisations with their officers and contacts."""
    require(request.user, VERB)
    rows, following = page_of(queries.for_programs(request.user), window.cursor, window.updated_since, window.limit)
    return {"items": rows, "next": following}


@router.get("/whose", response=list[OwnedOut])
def whose(request: HttpRequest, value: str, at: datetime | None = None) -> list[dict[str, Any]]:
    """Who owns an address, a prefix, a name, a mail address or a URL, and why; the owners come first."""
    require(request.user, VERB)
    moment = at or datetime.now(UTC)
    found = queries.whose(request.user, value, moment if moment.tzinfo else moment.replace(tzinfo=UTC))
    return [
        {
            "organisation": item.organisation.code,
            "kind": item.match.asset.kind,
            "value": item.match.asset.value,
            "wins": item.match.wins,
            "why": item.match.why.value,
        }
        for item in found
    ]


@router.get("/{uuid:uuid}", response=OneOut)
def organisation(request: HttpRequest, uuid: UUID) -> Organisation:
    """One organisation with everything it holds."""
    require(request.user, VERB)
    return queries.one_for_programs(request.user, uuid)
