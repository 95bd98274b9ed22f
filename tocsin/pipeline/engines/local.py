"""Run the pipeline in this process: bytes to events, whose they are, and what the rules say of them."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import BinaryIO, Protocol, cast

from tocsin.pipeline.detect.rule import Hit
from tocsin.pipeline.engines.chunk import Chunk, EventHit
from tocsin.pipeline.engines.hits import event_hits
from tocsin.pipeline.engines.stretch import Stretch
from tocsin.pipeline.enrich.ownership import Ownership
from tocsin.pipeline.parsers.columns import to_batches
from tocsin.pipeline.parsers.errors import ContentError
from tocsin.pipeline.parsers.format import Format
from tocsin.pipeline.schema.event import Batch, Reading, Record, Reject
from tocsin.pipeline.schema.want import Want

RECORDS = 20_000
BYTES = 32 * 1024 * 1024

Numbered = list[tuple[int, Record | Reject]]


class Detector(Protocol):
    """Find the rows of a batch that rules hold for."""

    def detect(self, batch: Batch) -> Sequence[Hit]:
        """Give each rule and row that match."""


def collect_seldom() -> None:
    """Let Python look for reference cycles seldom: records have none, and looking took a quarter of the time."""
    gc.freeze()
    gc.set_threshold(200_000, 50, 100)


@dataclass(frozen=True, slots=True)
class Tools:
    """What is done with the records: which columns are built, who owns what, which rules are asked.

    ``source_default`` is the organisation of events that nothing in them gives to anybody else.
    """

    want: Want
    ownership: Ownership | None = None
    detector: Detector | None = None
    source_default: str | None = None


def process(
    content: BinaryIO,
    format_: Format,
    reading: Reading,
    tools: Tools,
    *,
    after: int = 0,
    limit: int | None = None,
    records: int = RECORDS,
) -> Iterator[Chunk]:
    """Give what is in ``content``, chunk by chunk, in bounded memory; the last chunk is the one that is finished.

    ``content`` begins at ``reading.start`` and ends at ``limit`` at the latest; ``after`` records were taken
    before. A format that cannot be resumed in the middle is read from its beginning and those are passed over.
    When the content breaks off, all that could be read is given first and then the error is raised.
    """
    stretch = Stretch(content, reading.start, limit)
    source = _numbered(format_, stretch, reading, after)
    pending: Numbered = []
    size = 0
    failure: ContentError | None = None
    while True:
        try:
            number, item = next(source)
        except StopIteration:
            break
        except ContentError as error:
            failure = error
            break
        if len(pending) >= records or size >= BYTES:
            yield understood(pending, reading, tools, item.offset)
            pending, size = [], 0
        pending.append((number, item))
        size += len(item.raw)
    yield understood(pending, reading, tools, stretch.position, after=after, finished=failure is None)
    if failure is not None:
        raise failure


def understood(
    numbered: Numbered, reading: Reading, tools: Tools, offset: int, *, after: int = 0, finished: bool = False
) -> Chunk:
    """Turn records into a chunk: columns, owners, hits."""
    records = [(number, item) for number, item in numbered if isinstance(item, Record)]
    rejects = tuple((number, item) for number, item in numbered if isinstance(item, Reject))
    batches = to_batches(records, tools.want, reading.zone)
    if tools.ownership is not None:
        own = tools.ownership
        batches = [own.attribute(batch, tools.source_default, reading.received) for batch in batches]
    hits: list[EventHit] = []
    if tools.detector is not None:
        for batch in batches:
            hits.extend(event_hits(batch, tools.detector.detect(batch), reading.received))
    return Chunk(
        first=numbered[0][0] if numbered else after + 1,
        records=len(numbered),
        events=len(records),
        rejects=rejects,
        batches=tuple(batches),
        hits=tuple(hits),
        offset=offset,
        last=numbered[-1][1].offset if numbered else offset,
        state=deepcopy(reading.state),
        finished=finished,
    )


def _numbered(format_: Format, stretch: Stretch, reading: Reading, after: int) -> Iterator[tuple[int, Record | Reject]]:
    items = format_.read(cast(BinaryIO, stretch), reading)
    if format_.appendable:
        yield from enumerate(items, after + 1)
        return
    for number, item in enumerate(items, 1):
        if number > after:
            yield number, item
