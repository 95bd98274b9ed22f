"""Intake for programs: deliver records, and read the receipts."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.db.models import QuerySet
from django.http import HttpRequest
from ninja import Header, Query, Router, Schema
from ninja.errors import HttpError

from tocsin.pipeline.lake.errors import LakeError
from tocsin.pipeline.parsers.errors import ParserError, UnknownFormat
from tocsin.pipeline.parsers.opening import GZIP_MAGIC
from tocsin.pipeline.parsers.registry import formats
from tocsin.platform.access import require
from tocsin.platform.api_lists import Items, Window, page_of
from tocsin.rooms.intake import actions, queries
from tocsin.rooms.intake.models import Receipt, RejectedRecord, Source

PREFIX = ""
LARGEST = 16 * 1024 * 1024
LINES = frozenset(
    {"", "application/x-ndjson", "application/jsonl", "application/json", "text/plain", "application/octet-stream"}
)
BODY = {"requestBody": {"required": True, "content": {"application/x-ndjson": {"schema": {"type": "string"}}}}}

router = Router()


class ReceiptOut(Schema):
    """What was taken from one file or delivery: records = events + rejected + duplicates."""

    uuid: UUID
    source: str
    name: str
    format: str
    status: str
    problem: str
    size: int
    offset: int
    records: int
    events: int
    rejected: int
    duplicates: int
    hits: int
    alerts: int
    created_at: datetime
    updated_at: datetime

    @staticmethod
    def resolve_source(receipt: Receipt) -> str:
        return str(receipt.source.name)


class RejectedOut(Schema):
    """One record that could not be understood."""

    record: int
    offset: int
    reason: str


class Kept(Schema):
    """The answer to a delivery: it is on the disk; the receipt of this id follows."""

    receipt: UUID


@router.get("/receipts", response=Items[ReceiptOut])
def receipts(request: HttpRequest, window: Query[Window]) -> dict[str, Any]:
    """List receipts, those changed longest ago first."""
    require(request.user, "intake.view")
    found, following = page_of(queries.receipts(request.user), window.cursor, window.updated_since, window.limit)
    return {"items": found, "next": following}


@router.get("/receipts/{uuid}", response=ReceiptOut)
def receipt(request: HttpRequest, uuid: UUID) -> Receipt:
    """Give one receipt."""
    require(request.user, "intake.view")
    return queries.receipt_or_404(request.user, uuid)


@router.get("/receipts/{uuid}/rejected", response=list[RejectedOut])
def rejected(request: HttpRequest, uuid: UUID, after: int = 0) -> QuerySet[RejectedRecord]:
    """Give the rejected records of a receipt, at most 1,000 from number `after` on."""
    require(request.user, "intake.view")
    found = queries.receipt_or_404(request.user, uuid)
    return queries.rejected(found).filter(record__gt=after).order_by("record")[:1000]


@router.get("/receipts/{uuid}/events/{record}", response=dict[str, Any])
def event(request: HttpRequest, uuid: UUID, record: int) -> dict[str, Any]:
    """Give one event as the lake keeps it, with its raw record."""
    require(request.user, "alerts.view")
    found = queries.event_or_404(request.user, uuid, record)
    raw = found.raw.decode("utf-8", "backslashreplace")
    return {"receipt": uuid, "record": record, "offset": found.offset, "fields": found.fields, "raw": raw}


@router.post("/intake", response=Kept, openapi_extra=BODY)
def intake(
    request: HttpRequest,
    key: Annotated[str, Header(alias="Idempotency-Key", max_length=200)] = "",
) -> dict[str, UUID]:
    """Deliver records as JSON lines or raw lines, with a token that is bound to a source.

    The answer comes once they are on the disk. Equal deliveries are two, unless they carry the same
    `Idempotency-Key`. At most 16 MiB; 411 without its length, 413 when it is more, 415 when nobody knows
    the content.
    """
    source = _source(request)
    body = _body(request)
    try:
        return {"receipt": actions.deliver(source=source, body=body, key=key)}
    except UnknownFormat as error:
        raise HttpError(415, f"No parser recognises this content. The formats are: {', '.join(formats())}.") from error
    except ParserError as error:
        raise HttpError(415, str(error)) from error
    except LakeError as error:
        raise HttpError(503, f"Nothing was kept; send it again later. {error}") from error


def _source(request: HttpRequest) -> Source:
    bound: UUID | None = request.auth.source  # type: ignore[attr-defined]  # the token that the API let in
    if bound is None:
        raise PermissionDenied("This token is bound to no source; have one made on the source's page.")
    source = queries.active_source(bound)
    if source is None:
        raise PermissionDenied("The source of this token takes no deliveries any more.")
    return source


def _body(request: HttpRequest) -> bytes:
    if (request.content_type or "").lower() not in LINES:
        raise HttpError(415, "Send JSON lines (application/x-ndjson) or raw lines (text/plain).")
    if request.headers.get("Content-Encoding", "identity") != "identity":
        raise HttpError(415, "Send it without Content-Encoding.")
    if "Content-Length" not in request.headers and "Transfer-Encoding" in request.headers:
        raise HttpError(411, "Send it with a Content-Length, not in chunks; nothing was kept.")
    too_large = f"Send at most {LARGEST:,} bytes at once, in whole lines."
    if int(request.headers.get("Content-Length") or 0) > LARGEST:
        raise HttpError(413, too_large)
    try:
        body = request.body
    except RequestDataTooBig as error:
        raise HttpError(413, too_large) from error
    if len(body) > LARGEST:
        raise HttpError(413, too_large)
    if not body.strip():
        raise HttpError(400, "There is nothing in this delivery.")
    if body.startswith(GZIP_MAGIC):
        raise HttpError(415, "This is gzip; send it unpacked.")
    return body
