"""The lake's ledger on the database: counts, offsets, rejects, files and hits change together or not at all."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

from django.db import IntegrityError, OperationalError, transaction
from django.utils import timezone

from tocsin.pipeline.engines.chunk import Chunk
from tocsin.pipeline.lake.errors import StorageFull, TakenMeanwhile
from tocsin.pipeline.lake.files import Written
from tocsin.pipeline.lake.journal import Position
from tocsin.platform import audit
from tocsin.rooms.intake.models import JournalPosition, LakeFile, LakeSpan, Receipt, RejectedRecord, Source

REASON = 300
ROWS = 500  # a statement; SQLite limits its parameters

RecordHits = Callable[[Receipt, Chunk], tuple[int, int]]


def no_hits(receipt: Receipt, chunk: Chunk) -> tuple[int, int]:  # noqa: ARG001  # the shape of RecordHits
    """Record no hits, where no rules are asked."""
    return 0, 0


class Piece(NamedTuple):
    """A chunk of what one receipt stands for."""

    receipt: Receipt
    chunk: Chunk


class Move(NamedTuple):
    """How far the journal has been understood, before and after."""

    name: str
    before: Position
    after: Position


@dataclass(frozen=True, slots=True)
class Work:
    """What becomes true in one transaction."""

    pieces: Sequence[Piece]
    move: Move | None = None


@dataclass(frozen=True, slots=True)
class DatabaseLedger:
    """Account for work in the database. ``problem`` says what is missing even when all that can be read is taken."""

    record_hits: RecordHits = no_hits
    problem: str = ""

    def commit(self, work: Work, files: Sequence[Written]) -> None:
        try:
            with transaction.atomic():
                self._commit(work, files)
        except OperationalError as error:
            if "full" not in str(error):
                raise
            raise StorageFull("No room left for the database. Free some space and run it again.") from error
        for piece in work.pieces:
            piece.receipt.taken_now += piece.chunk.records

    def listed(self) -> Collection[str]:
        return set(LakeFile.objects.values_list("path", flat=True))

    def _commit(self, work: Work, files: Sequence[Written]) -> None:
        if work.move is not None:
            _advance(work.move)
        for piece in work.pieces:
            open_receipt(piece.receipt)
            self._account(piece)
        list_files(files, {piece.receipt.uuid: piece.receipt.pk for piece in work.pieces})
        sources = {piece.receipt.source_id for piece in work.pieces}
        Source.objects.filter(pk__in=sources).update(last_received_at=timezone.now())

    def _account(self, piece: Piece) -> None:
        receipt, chunk = piece
        where = Receipt.objects.filter(pk=receipt.pk, offset=receipt.offset, records=receipt.records)
        _count(receipt, chunk, self.problem)
        values = {name: getattr(receipt, name) for name in CHANGING}
        if not where.update(updated_at=timezone.now(), **values):
            raise TakenMeanwhile(f"{receipt.name} is being taken by another process.")
        _keep_rejects(receipt, chunk)
        hits, alerts = self.record_hits(receipt, chunk)
        if hits or alerts:
            receipt.hits += hits
            receipt.alerts += alerts
            Receipt.objects.filter(pk=receipt.pk).update(hits=receipt.hits, alerts=receipt.alerts)


CHANGING = ("offset", "state", "records", "events", "rejected", "status", "problem")


def list_files(files: Iterable[Written], receipts: dict[UUID, int]) -> None:
    """Make files true, with the receipts whose records they hold."""
    made = [
        LakeFile(
            path=file.path,
            dataset=file.dataset,
            day=file.day,
            rows=file.rows,
            size=file.size,
            earliest=file.earliest,
            latest=file.latest,
        )
        for file in files
    ]
    spans = [file.spans for file in files]
    LakeSpan.objects.bulk_create(
        (
            LakeSpan(file=row, receipt_id=receipts[span.receipt], first=span.first, last=span.last)
            for row, held in zip(LakeFile.objects.bulk_create(made), spans, strict=True)
            for span in held
        ),
        batch_size=ROWS,
    )


def _advance(move: Move) -> None:
    here = JournalPosition.objects.filter(name=move.name, segment=move.before.segment, offset=move.before.offset)
    if not here.update(segment=move.after.segment, offset=move.after.offset):
        raise TakenMeanwhile("The journal is being read by another process.")


def open_receipt(receipt: Receipt) -> None:
    """Write a receipt that is not yet in the database."""
    if receipt.pk is not None:
        return
    try:
        with transaction.atomic():
            receipt.save(force_insert=True)
            audit.record(None, "receipt.open", receipt, {"source": receipt.source.name, "name": receipt.name})
    except IntegrityError as error:
        raise TakenMeanwhile(f"{receipt.name} is being taken by another process.") from error


def _count(receipt: Receipt, chunk: Chunk, problem: str) -> None:
    receipt.offset = chunk.offset
    receipt.records += chunk.records
    receipt.events += chunk.events
    receipt.rejected += len(chunk.rejects)
    receipt.state = {**receipt.state, "parser": _storable(chunk.state), "last": chunk.last}
    receipt.problem = problem if chunk.finished else ""
    if chunk.finished:
        receipt.status = Receipt.State.INCOMPLETE if problem else Receipt.State.DONE


def _storable(value: Any) -> Any:
    """Give a value of JSON that any database keeps: PostgreSQL takes no NUL and no half of a pair of surrogates."""
    if isinstance(value, str):
        return value.replace("\0", "\ufffd").encode(errors="replace").decode()
    if isinstance(value, Mapping):
        return {_storable(key): _storable(item) for key, item in value.items()}
    return [_storable(item) for item in value] if isinstance(value, list | tuple) else value


def _keep_rejects(receipt: Receipt, chunk: Chunk) -> None:
    RejectedRecord.objects.bulk_create(
        (
            RejectedRecord(
                receipt=receipt,
                record=number,
                offset=reject.offset,
                reason=_storable(reject.reason)[:REASON],
                raw=reject.raw,
            )
            for number, reject in chunk.rejects
        ),
        batch_size=ROWS,
    )
