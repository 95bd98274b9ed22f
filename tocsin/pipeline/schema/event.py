"""What travels through the pipeline: records as parsed, batches as columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from typing import Any, NamedTuple

import pyarrow as pa


class Kind(NamedTuple):
    """What sort of record this is: rules and columns are chosen by it.

    All three are lower case. ``product`` is windows, linux, web, zeek and the like; ``channel`` the
    Windows channel, the program that logged, or the kind of log; ``code`` the Windows event id.
    """

    product: str
    channel: str
    code: str = ""


class Record(NamedTuple):
    """One record as its parser understood it. ``offset`` counts bytes of the decompressed content."""

    kind: Kind
    offset: int
    raw: bytes
    fields: Mapping[str, Any]


class Reject(NamedTuple):
    """One record that could not be understood, kept with the reason."""

    offset: int
    raw: bytes
    reason: str


@dataclass(slots=True)
class Reading:
    """What a parser may know beside the bytes, and what it must remember to go on later.

    ``received`` gives stamps without a year their year, ``zone`` those without a zone their zone.
    ``start`` is the offset of the stream's first byte. ``state`` holds plain JSON values; it is stored
    with the offset, so that a parser can resume in the middle of a file.
    """

    received: datetime
    zone: tzinfo = UTC
    start: int = 0
    state: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Batch:
    """Records of one kind as columns, one row a record.

    Always there: ``record`` (int64, number within the receipt, from 1), ``offset`` (int64), ``raw``
    (binary), ``@timestamp`` (timestamp[us, UTC], null when the record bears none). The others are ECS
    columns of the vocabulary and native fields that somebody asked for by name.
    """

    kind: Kind
    table: pa.Table
