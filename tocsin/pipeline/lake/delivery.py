"""One delivery as the journal keeps it: who sent what, when, and the bytes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import orjson


@dataclass(frozen=True, slots=True)
class Delivery:
    """What one sender handed over at once. ``receipt`` is the id it was told."""

    receipt: UUID
    source: UUID
    received: datetime
    body: bytes
    format: str = ""


def to_bytes(delivery: Delivery) -> bytes:
    """Write a delivery: one line of JSON, then the body as it came."""
    head = {
        "receipt": delivery.receipt,
        "source": delivery.source,
        "received": delivery.received,
        "format": delivery.format,
    }
    return orjson.dumps(head) + b"\n" + delivery.body


def from_bytes(payload: bytes) -> Delivery:
    """Read a delivery back."""
    line, _, body = payload.partition(b"\n")
    head = orjson.loads(line)
    received = datetime.fromisoformat(head["received"])
    return Delivery(UUID(head["receipt"]), UUID(head["source"]), received, body, head["format"])
