"""Rules and batches made on the spot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import orjson
import yaml

from tocsin.pipeline.detect.engine import Engine
from tocsin.pipeline.detect.plan import Plan
from tocsin.pipeline.detect.rules import load
from tocsin.pipeline.detect.store import Store
from tocsin.pipeline.parsers.columns import to_batches
from tocsin.pipeline.schema.event import Batch, Kind, Record

KIND = Kind("windows", "test", "7")
WINDOWS = {"product": "windows"}


def rule(detection: Mapping[str, Any], title: str = "A rule", **also: Any) -> dict[str, Any]:
    """Give a rule as a document; without a condition it is the selection."""
    given = {"condition": "selection", **detection}
    document = {"title": title, "id": str(uuid5(NAMESPACE_URL, title)), "logsource": WINDOWS, "level": "high"}
    return {**document, "detection": given, **also}


def plan(*documents: Mapping[str, Any] | str, cache: Path | None = None) -> Plan:
    """Compile rules given as documents or as the text of a file."""
    texts = [text if isinstance(text, str) else yaml.safe_dump(dict(text), allow_unicode=True) for text in documents]
    contents = {f"rule{number}.yml": text.encode() for number, text in enumerate(texts, 1)}
    return Plan(load(contents), Store(cache))


def batch(compiled: Plan, events: Sequence[Mapping[str, Any]], kind: Kind = KIND) -> Batch:
    """Give events of one kind as columns, as the parsers would."""
    records = [(number, Record(kind, 0, orjson.dumps(event), event)) for number, event in enumerate(events, 1)]
    (made,) = to_batches(records, compiled.want())
    return made


def rows(compiled: Plan, events: Sequence[Mapping[str, Any]], kind: Kind = KIND) -> list[tuple[str, int]]:
    """Give the title and the row of every hit."""
    return [(hit.rule.title, hit.row) for hit in Engine(compiled).detect(batch(compiled, events, kind))]


def fires(selection: Any, event: Mapping[str, Any], kind: Kind = KIND) -> bool:
    """Say whether a rule of one selection holds for an event."""
    compiled = plan(rule({"selection": selection}))
    assert not compiled.refused, compiled.refused
    return bool(rows(compiled, [event], kind))
