"""Turn hits on rows of columns into hits on events."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import pyarrow as pa

from tocsin.pipeline.detect.rule import Hit
from tocsin.pipeline.engines.chunk import EventHit
from tocsin.pipeline.enrich.ownership import ORGANISATIONS
from tocsin.pipeline.schema.event import Batch

ALWAYS = ("record", "raw", "@timestamp", ORGANISATIONS)
LONGEST_SUBJECT = 255


def event_hits(batch: Batch, hits: Sequence[Hit], received: datetime) -> Iterator[EventHit]:
    """Look up the facts of each hit's event, only for the rows that were hit."""
    if not hits:
        return
    rows = sorted({hit.row for hit in hits})
    names = {*ALWAYS, *(name for hit in hits for name in hit.rule.subject)} & set(batch.table.column_names)
    taken = batch.table.select(sorted(names)).take(pa.array(rows, pa.int64())).to_pylist()
    facts = dict(zip(rows, taken, strict=True))
    for hit in hits:
        yield _event_hit(hit, facts[hit.row], received)


def _event_hit(hit: Hit, facts: Mapping[str, Any], received: datetime) -> EventHit:
    name, subject = _subject(hit.rule.subject, facts)
    return EventHit(
        rule=hit.rule,
        record=facts["record"],
        time=facts["@timestamp"] or received,
        organisations=tuple(facts.get(ORGANISATIONS) or ()),
        subject_kind=subject_kind(name),
        subject=subject,
        raw=facts["raw"],
    )


def _subject(columns: Sequence[str], facts: Mapping[str, Any]) -> tuple[str, str]:
    for name in columns:
        value = facts.get(name)
        if value is not None and value != "":
            return name, str(value).replace("\0", "\ufffd")[:LONGEST_SUBJECT]  # no database keeps NUL in text
    return "", ""


def subject_kind(column: str) -> str:
    """Say what sort of thing a column names."""
    if column.startswith("host."):
        return "host"
    if column.startswith(("user.", "email.")):
        return "user"
    return "address" if column.endswith((".ip", ".domain")) else ""
