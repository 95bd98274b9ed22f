"""Take deliveries: into the journal before the sender is answered, and from there into lake and database."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import BinaryIO
from uuid import UUID, uuid5

from django.utils import timezone

from tocsin.pipeline.detect.engine import Engine
from tocsin.pipeline.engines.chunk import Chunk
from tocsin.pipeline.engines.local import RECORDS, Tools, process
from tocsin.pipeline.enrich.ownership import Ownership
from tocsin.pipeline.lake.delivery import Delivery, from_bytes, to_bytes
from tocsin.pipeline.lake.errors import TakenMeanwhile
from tocsin.pipeline.lake.journal import Damage, Entry, Position
from tocsin.pipeline.lake.ledger import keep
from tocsin.pipeline.parsers.errors import UnknownFormat
from tocsin.pipeline.parsers.format import HEAD, Format
from tocsin.pipeline.parsers.lines import lines
from tocsin.pipeline.parsers.registry import choose
from tocsin.pipeline.schema.event import Batch, Reading, Reject
from tocsin.platform.identity import new_uuid
from tocsin.rooms.intake import queries
from tocsin.rooms.intake.actions.files import tools_for
from tocsin.rooms.intake.actions.ledger import DatabaseLedger, Move, Piece, RecordHits, Work, no_hits
from tocsin.rooms.intake.models import POSITION, JournalPosition, Receipt, Source

logger = logging.getLogger(__name__)

DELIVERIES = 500  # in one transaction at most
NO_PARSER = "No parser recognised this delivery; name its format at the source and have it sent again."


def deliver(*, source: Source, body: bytes, key: str = "") -> UUID:
    """Keep a delivery for good and give the id of its receipt; the same body under the same key is one delivery.

    Raise `UnknownFormat` when neither the source nor the content says what it is; then nothing is kept.
    """
    chosen = choose(body[:HEAD], source.format or None)
    receipt = uuid5(source.uuid, f"{key}\0{sha256(body).hexdigest()}") if key else new_uuid()
    queries.journal().append(to_bytes(Delivery(receipt, source.uuid, timezone.now(), body, chosen.name)))
    return receipt


def take_journal(
    *, engine: Engine | None = None, ownership: Ownership | None = None, record_hits: RecordHits = no_hits
) -> int:
    """Take what the journal holds beyond where it was left; give the number of deliveries taken."""
    row, _ = JournalPosition.objects.get_or_create(name=POSITION)
    run = _Run(Position(row.segment, row.offset), DatabaseLedger(record_hits), engine, ownership)
    try:
        for entry in queries.journal().read(run.position):
            run.take(entry)
        run.commit()
    except TakenMeanwhile:
        logger.info("Another process is reading the journal; it goes on there")
    return run.taken


@dataclass(slots=True)
class _Run:
    """One pass along the journal: gathers small deliveries, so that they share a transaction and a file."""

    position: Position
    ledger: DatabaseLedger
    engine: Engine | None
    ownership: Ownership | None
    taken: int = 0
    pending: list[Piece] = field(default_factory=list)
    reached: Position | None = None
    records: int = 0
    finished: int = 0
    tools: dict[int, Tools] = field(default_factory=dict)
    sources: dict[UUID, Source] = field(default_factory=dict)

    def take(self, entry: Entry | Damage) -> None:
        if isinstance(entry, Damage):
            logger.error("The journal is damaged from %s to %s; what stood there is lost", entry.position, entry.next)
        else:
            for piece in self._pieces(from_bytes(entry.payload)):
                self.pending.append(piece)
                self.records += piece.chunk.records
                if self.records >= RECORDS and not piece.chunk.finished:
                    self.commit()
            self.finished += 1
        self.reached = entry.next
        if self.records >= RECORDS or self.finished >= DELIVERIES:
            self.commit()

    def commit(self) -> None:
        """Make true what was gathered, and the place in the journal up to which all is taken."""
        if not self.pending and self.reached is None:
            return
        move = Move(POSITION, self.position, self.reached) if self.reached else None
        batches: dict[UUID, list[Batch]] = {}
        for receipt, chunk in self.pending:
            batches.setdefault(receipt.uuid, []).extend(chunk.batches)
        work = Work(self.pending, move)
        keep(queries.lake(), self.ledger, work, list(batches.items()), timezone.now().date())
        self.position = self.reached or self.position
        self.taken += self.finished
        self.pending, self.reached, self.records, self.finished = [], None, 0, 0

    def _pieces(self, delivery: Delivery) -> Iterator[Piece]:
        receipt = self._receipt(delivery)
        if receipt is None:
            return
        for chunk in _chunks(receipt, delivery, self._tools(receipt.source)):
            yield Piece(receipt, chunk)

    def _receipt(self, delivery: Delivery) -> Receipt | None:
        """Give the receipt to work on; none when it is taken already."""
        if any(piece.receipt.uuid == delivery.receipt for piece in self.pending):
            return None
        known = Receipt.objects.filter(uuid=delivery.receipt).select_related("source__organisation").first()
        if known is not None:
            return known if known.status == Receipt.State.OPEN else None
        return Receipt(
            uuid=delivery.receipt,
            created_at=delivery.received,
            source=self._source(delivery.source),
            name=f"delivery {delivery.receipt}",
            format=delivery.format,
            digest=f"journal:{delivery.receipt}",
            size=len(delivery.body),
            state={"received": delivery.received.isoformat(), "parser": {}},
        )

    def _source(self, uuid: UUID) -> Source:
        if uuid not in self.sources:
            # A source that was removed leaves its deliveries to a new one of the same id: nothing is lost.
            self.sources[uuid], _ = Source.objects.select_related("organisation").get_or_create(
                uuid=uuid, defaults={"name": f"removed {uuid}"}
            )
        return self.sources[uuid]

    def _tools(self, source: Source) -> Tools:
        if source.pk not in self.tools:
            self.tools[source.pk] = tools_for(source, self.engine, self.ownership)
        return self.tools[source.pk]


def _chunks(receipt: Receipt, delivery: Delivery, tools: Tools) -> Iterator[Chunk]:
    format_ = _format(receipt.format, delivery.body)
    start = receipt.offset if format_.appendable else 0
    reading = Reading(datetime.fromisoformat(receipt.state["received"]), start=start)
    if format_.appendable:
        reading.state.update(receipt.state["parser"])
    return process(io.BytesIO(delivery.body[start:]), format_, reading, tools, after=receipt.records)


def _format(name: str, body: bytes) -> Format:
    try:
        return choose(body[:HEAD], name or None)
    except UnknownFormat:  # a parser that was there when the delivery came
        return UNKNOWN


def _refuse(stream: BinaryIO, reading: Reading) -> Iterator[Reject]:
    for item in lines(stream, reading):
        yield item if isinstance(item, Reject) else Reject(*item, NO_PARSER)


UNKNOWN = Format("", bool, _refuse)
