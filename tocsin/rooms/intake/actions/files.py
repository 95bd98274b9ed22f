"""Take files: each content once, from where it was left, however often the file is offered and the work is killed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from django.utils import timezone

from tocsin.pipeline.detect.engine import Engine
from tocsin.pipeline.engines.local import Tools, process
from tocsin.pipeline.engines.stretch import forward
from tocsin.pipeline.enrich.ownership import Ownership
from tocsin.pipeline.lake.errors import LakeError, TakenMeanwhile
from tocsin.pipeline.lake.ledger import keep
from tocsin.pipeline.lake.survey import Survey, open_again, survey
from tocsin.pipeline.parsers.errors import ContentError
from tocsin.pipeline.parsers.registry import choose
from tocsin.pipeline.schema.event import Reading
from tocsin.pipeline.schema.want import Want
from tocsin.rooms.intake import queries
from tocsin.rooms.intake.actions.ledger import DatabaseLedger, Piece, RecordHits, Work, no_hits, open_receipt
from tocsin.rooms.intake.models import Receipt, Source

PREFIX = 4096  # a content of fewer bytes may begin like another by chance
KNOWN = 10_000  # earlier receipts of a source that a content may go on from
PROBLEM = 500

Progress = Callable[[int, int], None]


class Earlier(NamedTuple):
    """What is known of a receipt that a content may go on from."""

    pk: int
    digest: str
    size: int
    name: str


def take_file(
    path: Path,
    *,
    source: Source,
    engine: Engine | None = None,
    ownership: Ownership | None = None,
    record_hits: RecordHits = no_hits,
    format: str | None = None,  # noqa: A002  # the word the whole house uses
    progress: Progress | None = None,
) -> Receipt:
    """Take what is new in a file; give the receipt of its content.

    The receipt's ``taken_now`` says how many records this call has taken. Content that goes on from an earlier
    receipt of the source is taken from there; the same content gives nothing new.
    """
    earlier = _earlier(source)
    known = survey(path, {each.size for each in earlier})
    tools = tools_for(source, engine, ownership)
    receipt, before = _receipt(known, source, earlier, format)
    if before is not None and before.status == Receipt.State.OPEN:
        _take(before, known, tools, DatabaseLedger(record_hits), progress)
        receipt = _continuing(receipt, before, known)
    if receipt.status == Receipt.State.INCOMPLETE and known.failure is None:
        _complete(receipt)
    problem = str(known.failure or "")[:PROBLEM]
    _take(receipt, known, tools, DatabaseLedger(record_hits, problem), progress)
    if problem and receipt.status == Receipt.State.INCOMPLETE:
        receipt.problem = problem  # of this file; another with the same content may have had another
    return receipt


def _complete(receipt: Receipt) -> None:
    """Note that all of a content was there: a whole copy has come, and it says no more than the damaged one did."""
    receipt.status, receipt.problem = Receipt.State.DONE, ""
    receipt.save(update_fields=["status", "problem", "updated_at"])


def tools_for(source: Source, engine: Engine | None, ownership: Ownership | None) -> Tools:
    """Give what is done with the records of a source."""
    want = Want(native=engine.plan.native) if engine is not None else Want()
    default = source.organisation.code if source.organisation is not None else None
    return Tools(want, ownership, engine, default)


def _earlier(source: Source) -> list[Earlier]:
    files = Receipt.objects.filter(source=source, size__gt=0).exclude(digest__startswith="journal:")
    rows = files.order_by("-id")
    return [Earlier(*row) for row in rows.values_list("pk", "digest", "size", "name")[:KNOWN]]


def _receipt(
    known: Survey, source: Source, earlier: list[Earlier], format_name: str | None
) -> tuple[Receipt, Receipt | None]:
    """Give the receipt of a content, made now if need be, and the unfinished one it goes on from, if any."""
    same = Receipt.objects.filter(source=source, digest=known.digest).select_related("continues").first()
    if same is not None:
        return same, same.continues if same.records == 0 else None
    name = queries.name_of(known.path)
    before = _goes_on_from(known, earlier, name)
    chosen = choose(known.head, before.format if before else format_name or source.format or None)
    received = min(known.changed, timezone.now())
    fresh = Receipt(source=source, name=name, format=chosen.name, digest=known.digest, size=known.size)
    fresh.state = {"received": received.isoformat(), "parser": {}}
    if before is not None:
        fresh.continues = before
        _continuing(fresh, before, known)
    try:
        open_receipt(fresh)
    except TakenMeanwhile:
        fresh = Receipt.objects.get(source=source, digest=known.digest)
    return fresh, before


def _goes_on_from(known: Survey, earlier: list[Earlier], name: str) -> Receipt | None:
    """Find the longest earlier content that this one begins with."""
    for each in sorted(earlier, key=lambda each: -each.size):
        begins = known.prefixes.get(each.size) == each.digest
        if begins and (each.name == name or each.size >= PREFIX):
            found = Receipt.objects.get(pk=each.pk)
            return found if choose(b"", found.format).appendable else None
    return None


def _continuing(receipt: Receipt, before: Receipt, known: Survey) -> Receipt:
    """Let a receipt begin where the earlier one ended, or at its last record when that was cut in the middle."""
    if receipt.records or receipt.status != Receipt.State.OPEN:
        return receipt
    untouched = Receipt.objects.filter(pk=receipt.pk, records=0, offset=receipt.offset)
    start = before.state.get("last", before.size) if before.size in known.cut else before.size
    receipt.start = receipt.offset = start
    receipt.state = {**receipt.state, "parser": before.state.get("parser", {})}
    if receipt.pk:
        untouched.update(start=start, offset=start, state=receipt.state)
    return receipt


def _take(receipt: Receipt, known: Survey, tools: Tools, ledger: DatabaseLedger, progress: Progress | None) -> None:
    """Take what is left of a receipt's content; when another process works on it too, go on from where that one is."""
    while receipt.status == Receipt.State.OPEN:
        try:
            with _told(receipt):
                _pass(receipt, known, tools, ledger, progress)
        except TakenMeanwhile:
            receipt.refresh_from_db()


def _pass(receipt: Receipt, known: Survey, tools: Tools, ledger: DatabaseLedger, progress: Progress | None) -> None:
    format_ = choose(b"", receipt.format)
    start = receipt.offset if format_.appendable else 0
    reading = Reading(datetime.fromisoformat(receipt.state["received"]), start=start)
    if format_.appendable:
        reading.state.update(receipt.state["parser"])
    with open_again(known) as stream:
        forward(stream, start)
        for chunk in process(stream, format_, reading, tools, after=receipt.records, limit=receipt.size):
            if chunk.finished and chunk.offset < receipt.size:
                raise LakeError(f"{known.path} became shorter while it was read. Run it again.")
            day = timezone.now().date()
            keep(queries.lake(), ledger, Work([Piece(receipt, chunk)]), [(receipt.uuid, chunk.batches)], day)
            if progress is not None:
                progress(receipt.offset, receipt.size)


@contextmanager
def _told(receipt: Receipt) -> Iterator[None]:
    """Write down what stopped the work half-way, so that whoever looks at the receipt knows."""
    try:
        yield
    except ContentError as error:
        Receipt.objects.filter(pk=receipt.pk).update(problem=str(error)[:PROBLEM])
        raise
