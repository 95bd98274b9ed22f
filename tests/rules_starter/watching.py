"""Run the starter rules over files through the real parsers and the real engine."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from tocsin.exercise.story import STARTER_RULES
from tocsin.pipeline.detect.engine import Engine
from tocsin.pipeline.detect.plan import Plan, compile_plan
from tocsin.pipeline.engines.chunk import EventHit
from tocsin.pipeline.engines.local import Tools, process
from tocsin.pipeline.enrich.ownership import Ownership
from tocsin.pipeline.parsers.format import HEAD
from tocsin.pipeline.parsers.opening import open_content
from tocsin.pipeline.parsers.registry import choose
from tocsin.pipeline.schema.event import Reading
from tocsin.pipeline.schema.want import Want

RECEIVED = datetime(2026, 11, 23, 12, tzinfo=UTC)
Alert = tuple[str, str, str, str]


@cache
def starter_plan() -> Plan:
    return compile_plan([STARTER_RULES], cache=None)


class Watch:
    """Count records and collect hits, file by file."""

    def __init__(self, ownership: Ownership | None = None) -> None:
        self._ownership = ownership
        self._engine = Engine(starter_plan())
        self.records = 0
        self.rejects: list[tuple[str, int, str]] = []
        self.attributed: Counter[str] = Counter()

    def hits(self, path: Path, organisation: str | None = None, parser: str | None = None) -> Iterator[EventHit]:
        """Yield the hits in one file; the parser is chosen by content unless named."""
        plan = starter_plan()
        with path.open("rb") as file:
            form = choose(file.read(HEAD), parser)
        tools = Tools(Want(native=plan.native), self._ownership, self._engine, organisation)
        with open_content(path) as content:
            for chunk in process(content, form, Reading(RECEIVED), tools):
                self.records += chunk.records
                self.rejects += [(path.name, number, reject.reason) for number, reject in chunk.rejects]
                yield from chunk.hits


def alert(hit: EventHit, organisation: str) -> Alert:
    """Name the alert a hit belongs to: rule, organisation, subject and day."""
    return hit.rule.id, organisation, hit.subject, hit.time.date().isoformat()
