"""What the engines hand out: a stretch of one content, understood."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tocsin.pipeline.detect.rule import Rule
from tocsin.pipeline.schema.event import Batch, Reject


@dataclass(frozen=True, slots=True)
class EventHit:
    """A rule holds for an event: which, when, whom it concerns (codes) and what it is about.

    ``subject_kind`` is host, user, address or empty. An event without a time counts as of its arrival.
    """

    rule: Rule
    record: int
    time: datetime
    organisations: tuple[str, ...]
    subject_kind: str
    subject: str
    raw: bytes


@dataclass(frozen=True, slots=True)
class Chunk:
    """Consecutive records of one content, from number ``first`` on, as far as ``offset``.

    ``last`` is where the last of them begins: the place to go on from when it turns out to have been cut.
    ``state`` is what the parser must remember to go on at ``offset``; ``finished`` says that nothing follows.
    """

    first: int
    records: int
    events: int
    rejects: tuple[tuple[int, Reject], ...]
    batches: tuple[Batch, ...]
    hits: tuple[EventHit, ...]
    offset: int
    last: int
    state: Mapping[str, Any]
    finished: bool
