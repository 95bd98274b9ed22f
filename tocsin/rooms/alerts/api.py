"""Alerts for programs."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Field, Query, Router, Schema

from tocsin.platform.access import require
from tocsin.platform.api_lists import Items, Window, page_of
from tocsin.rooms.alerts import queries
from tocsin.rooms.alerts.models import Alert, Suppression
from tocsin.rooms.alerts.schemas import Filters, Shown, Standing, SuppressionFilters
from tocsin.rooms.rules.models import Level

PREFIX = ""
HITS = 100
router = Router()


class Chosen(Window):
    """Which alerts are asked for."""

    state: Shown = Field(Shown.ALL, description="open, one state, closed, or all")
    level: str = Field("", pattern=r"^([0-4]-?)?$", description="0 to 4 for one level; 3- for level 3 and above")
    organisation: str = Field("", description="code of an organisation; - for alerts of none")
    rule: str = Field("", description="id of a rule")
    subject: str = Field("", description="host, user or address, exactly")
    suppression: str = Field("", description="uuid of the suppression that kept them out of the queue")

    def filters(self) -> Filters:
        """Give the same as the queue's filters."""
        return Filters.read(self.dict(include={"state", "level", "organisation", "rule", "subject", "suppression"}))


class AlertOut(Schema):
    """One alert."""

    uuid: UUID
    title: str
    level: str
    state: str
    open: bool
    organisation: str | None
    subject_kind: str
    subject: str
    count: int
    first_seen: datetime
    last_seen: datetime
    rule: str
    rule_version: str
    techniques: list[str]
    generation: int
    assignee: str | None
    disposition: str
    suppression: UUID | None
    created_at: datetime
    updated_at: datetime
    closed_at: datetime | None

    @staticmethod
    def resolve_level(alert: Alert) -> str:
        return Level(alert.level).name.lower()

    @staticmethod
    def resolve_organisation(alert: Alert) -> str | None:
        return alert.organisation.code if alert.organisation else None

    @staticmethod
    def resolve_rule(alert: Alert) -> str:
        return alert.rule_id

    @staticmethod
    def resolve_assignee(alert: Alert) -> str | None:
        return alert.assignee.username if alert.assignee else None

    @staticmethod
    def resolve_suppression(alert: Alert) -> UUID | None:
        return alert.suppression.uuid if alert.suppression else None


class HitOut(Schema):
    """One event that fired: its id is ``receipt`` and ``record``."""

    receipt: UUID
    record: int
    time: datetime
    source: str
    rule_version: str

    @staticmethod
    def resolve_receipt(hit: Any) -> UUID:
        found: UUID = hit.receipt.uuid
        return found

    @staticmethod
    def resolve_source(hit: Any) -> str:
        return str(hit.receipt.source.name)


class CommentOut(Schema):
    """What somebody said or did."""

    time: datetime = Field(alias="created_at")
    author: str
    event: str
    text: str

    @staticmethod
    def resolve_author(comment: Any) -> str:
        return str(comment.author.username)


class AlertInFull(AlertOut):
    """One alert with its newest hits and what was done about it."""

    hits: list[HitOut]
    comments: list[CommentOut]

    @staticmethod
    def resolve_hits(alert: Alert) -> list[Any]:
        return list(queries.hits(alert).order_by(*queries.HIT_ORDER)[:HITS])

    @staticmethod
    def resolve_comments(alert: Alert) -> list[Any]:
        return list(queries.trail(alert))


@router.get("/alerts", response=Items[AlertOut])
def alerts(request: HttpRequest, chosen: Query[Chosen]) -> dict[str, Any]:
    """List alerts, oldest change first, without raw lines."""
    require(request.user, "alerts.view")
    found = queries.in_full(queries.queue(request.user, chosen.filters()))
    items, following = page_of(found, chosen.cursor, chosen.updated_since, chosen.limit)
    return {"items": items, "next": following}


@router.get("/alerts/{uuid}", response=AlertInFull)
def alert(request: HttpRequest, uuid: UUID) -> Alert:
    """Give one alert with its newest 100 hits and its comments."""
    require(request.user, "alerts.view")
    return queries.alert_or_404(request.user, uuid)


class ChosenSuppressions(Window):
    """Which suppressions are asked for."""

    state: Standing = Field(Standing.ALL, description="in_force, soon (ends within 7 days), ended, or all")
    organisation: str = Field("", description="code of an organisation; - for those of what belongs to none")
    rule: str = Field("", description="id of a rule")

    def filters(self) -> SuppressionFilters:
        """Give the same as the list's filters."""
        return SuppressionFilters.read(self.dict(include={"state", "organisation", "rule"}))


class SuppressionOut(Schema):
    """What is kept quiet, where and until when; ``hidden`` is null where the suppression also reaches organisations
    that the token's person does not see."""

    uuid: UUID
    rule: str
    title: str
    organisation: str | None
    everywhere: bool
    subject: str
    reason: str
    owner: str
    state: str
    until: datetime
    hidden: int | None
    last_hidden_at: datetime | None
    created_at: datetime
    updated_at: datetime
    ended_at: datetime | None
    ended_by: str | None

    @staticmethod
    def resolve_rule(suppression: Suppression) -> str:
        return suppression.rule_id

    @staticmethod
    def resolve_organisation(suppression: Suppression) -> str | None:
        return suppression.organisation.code if suppression.organisation else None

    @staticmethod
    def resolve_owner(suppression: Suppression) -> str:
        return str(suppression.owner.username)

    @staticmethod
    def resolve_hidden(suppression: Suppression) -> int | None:
        return suppression.counted

    @staticmethod
    def resolve_last_hidden_at(suppression: Suppression) -> datetime | None:
        return suppression.last_hidden

    @staticmethod
    def resolve_ended_by(suppression: Suppression) -> str | None:
        return suppression.ended_by.username if suppression.ended_by else None


@router.get("/suppressions", response=Items[SuppressionOut])
def suppressions(request: HttpRequest, chosen: Query[ChosenSuppressions]) -> dict[str, Any]:
    """List suppressions, oldest change first; hiding something is a change."""
    require(request.user, "alerts.view")
    found = queries.suppressions(request.user, chosen.filters())
    items, following = page_of(found, chosen.cursor, chosen.updated_since, chosen.limit)
    return {"items": items, "next": following}
