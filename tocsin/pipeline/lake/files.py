"""The lake: what records meant, as Parquet files by dataset and day of arrival.

A file is written under a temporary name, put on the disk and renamed; it is true only once a ledger lists it.
What no ledger lists is an orphan and is swept. Days are those of arrival, so that one delivery of a year of logs
makes one file and not 365; each file says between which times its events lie.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID, uuid4

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from tocsin.pipeline.lake.errors import FileMissing, explained
from tocsin.pipeline.lake.journal import sync_folder
from tocsin.pipeline.schema.event import Batch
from tocsin.pipeline.schema.vocabulary import vocabulary

LEVEL = 1
ROW_GROUP = 65_536
SPARE_SECONDS = 3600.0
OWN = "tocsin."
ALWAYS = ("record", "offset", "raw", "@timestamp")
KIND = ("kind.product", "kind.channel", "kind.code")
_UNSAFE = re.compile(r"[^a-z0-9_-]")  # a dataset is the name of a folder
UNIQUE = frozenset({"record", "offset", "raw", "@timestamp", "message"})  # columns where a dictionary saves nothing


class Span(NamedTuple):
    """The records of one receipt that a file holds lie between these numbers, both included."""

    receipt: UUID
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Written:
    """One file on the disk that no ledger lists yet. ``path`` is relative to the lake."""

    path: str
    dataset: str
    day: date
    rows: int
    size: int
    earliest: datetime | None
    latest: datetime | None
    spans: tuple[Span, ...]


class Lake:
    """Write, read, compact and sweep the files below one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def write(self, taken: Sequence[tuple[UUID, Sequence[Batch]]], day: date) -> list[Written]:
        """Write the batches of one or several receipts: one file a dataset."""
        datasets: dict[str, list[pa.Table]] = {}
        for receipt, batches in taken:
            for name, parts in _by_dataset(receipt, batches).items():
                datasets.setdefault(name, []).append(_together(parts).sort_by("record"))
        done: list[Written] = []
        try:
            for name, tables in datasets.items():
                done.append(self._store(name, day, [_together(tables)]))
        except BaseException:
            self.discard(written.path for written in done)
            raise
        return done

    def discard(self, paths: Iterable[str]) -> None:
        """Remove files that did not become true, or are true no longer."""
        for path in paths:
            (self._folder / path).unlink(missing_ok=True)

    def event(self, path: str, receipt: UUID, record: int) -> Mapping[str, Any] | None:
        """Give what one file holds of one event: the columns that are not null, and its raw bytes."""
        wanted = (pc.field("record") == record) & (pc.field("receipt") == str(receipt))
        try:
            found = pq.read_table(self._folder / path, filters=wanted, partitioning=None).to_pylist()
        except FileNotFoundError as error:
            raise FileMissing(f"{self._folder / path} is listed and not there. Restore it from the backup.") from error
        return {name: value for name, value in found[0].items() if value is not None} if found else None

    def compact(self, paths: Sequence[str], dataset: str, day: date) -> Written:
        """Write one file that holds what several held; they stay until they are discarded."""
        return self._store(dataset, day, _tables(self._folder / path for path in paths))

    def retire(self, paths: Iterable[str]) -> None:
        """Mark files that are true no longer, so that a sweep removes them once nobody can be reading them."""
        for path in paths:
            os.utime(self._folder / path)

    def sweep(self, listed: Collection[str], spare: float = SPARE_SECONDS) -> list[str]:
        """Remove files that are not listed and were not touched for a while; give their names."""
        limit = time.time() - spare
        orphans = [
            name
            for path in self._folder.rglob("*.parquet")
            if (name := str(path.relative_to(self._folder))) not in listed and path.stat().st_mtime < limit
        ]
        self.discard(orphans)
        return orphans

    def _store(self, dataset: str, day: date, tables: Iterable[pa.Table]) -> Written:
        folder = self._folder / dataset / day.isoformat()
        name = f"{uuid4().hex}.parquet"
        fresh = folder / f".{name}"
        try:
            new = not folder.exists()
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            facts = _write(fresh, tables)
            fresh.rename(folder / name)
            for above in (folder, folder.parent, self._folder) if new else (folder,):
                sync_folder(above)
        except OSError as error:
            fresh.unlink(missing_ok=True)
            raise explained(error, self._folder) from error
        path = f"{dataset}/{day.isoformat()}/{name}"
        spans = tuple(Span(UUID(receipt), *ends) for receipt, ends in facts.spans.items())
        return Written(path, dataset, day, facts.rows, facts.size, facts.earliest, facts.latest, spans)


@dataclass(slots=True)
class _Facts:
    """What is learnt of a file while it is written."""

    rows: int
    size: int
    earliest: datetime | None
    latest: datetime | None
    spans: dict[str, tuple[int, int]]

    def add(self, table: pa.Table) -> None:
        self.rows += table.num_rows
        times = pc.min_max(table["@timestamp"]).as_py()
        self.earliest = min(filter(None, (self.earliest, times["min"])), default=None)
        self.latest = max(filter(None, (self.latest, times["max"])), default=None)
        ends = table.group_by("receipt").aggregate([("record", "min"), ("record", "max")])
        for row in ends.to_pylist():
            first, last = self.spans.get(row["receipt"], (row["record_min"], row["record_max"]))
            self.spans[row["receipt"]] = min(first, row["record_min"]), max(last, row["record_max"])


def _write(path: Path, tables: Iterable[pa.Table]) -> _Facts:
    facts = _Facts(0, 0, None, None, {})
    tables = iter(tables)
    first = next(tables)
    repeated = [name for name in first.column_names if name not in UNIQUE]
    with path.open("wb") as file:
        with pq.ParquetWriter(
            file, first.schema, compression="zstd", compression_level=LEVEL, use_dictionary=repeated
        ) as writer:
            for table in _and_then(first, tables):
                writer.write_table(table, row_group_size=ROW_GROUP)
                facts.add(table)
        file.flush()
        os.fsync(file.fileno())
        facts.size = file.tell()
    return facts


def _and_then(first: pa.Table, others: Iterator[pa.Table]) -> Iterator[pa.Table]:
    yield first
    yield from others


def _tables(paths: Iterable[Path]) -> Iterator[pa.Table]:
    """Give the row groups of several files, all with the columns of all of them."""
    files = [pq.ParquetFile(path) for path in paths]
    schema = pa.unify_schemas([file.schema_arrow for file in files])
    empty = schema.empty_table()
    for file in files:
        for number in range(file.num_row_groups):
            yield _together([empty, file.read_row_group(number)])
        file.close()


def _by_dataset(receipt: UUID, batches: Sequence[Batch]) -> dict[str, list[pa.Table]]:
    datasets: dict[str, list[pa.Table]] = {}
    for batch in batches:
        datasets.setdefault(_UNSAFE.sub("_", batch.kind.product) or "other", []).append(_kept(receipt, batch))
    return datasets


def _kept(receipt: UUID, batch: Batch) -> pa.Table:
    """Take the columns that are kept, and say with each row which receipt and kind it is of."""
    table, known = batch.table, vocabulary()
    names = [name for name in table.column_names if name in known or name in ALWAYS or name.startswith(OWN)]
    said = {"receipt": str(receipt), **dict(zip(KIND, batch.kind, strict=True))}
    columns = {name: pa.repeat(pa.scalar(value), table.num_rows) for name, value in said.items()}
    return pa.table(columns | {name: table.column(name) for name in names})


def _together(tables: Sequence[pa.Table]) -> pa.Table:
    return tables[0] if len(tables) == 1 else pa.concat_tables(tables, promote_options="default")
