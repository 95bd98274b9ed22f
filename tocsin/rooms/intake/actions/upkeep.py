"""Keep the lake in few large files, and rid it and the journal of what is no longer needed."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from django.db import transaction

from tocsin.pipeline.lake.errors import TakenMeanwhile
from tocsin.pipeline.lake.files import Written
from tocsin.pipeline.lake.journal import Position
from tocsin.pipeline.lake.ledger import sweep as sweep_lake
from tocsin.rooms.intake import queries
from tocsin.rooms.intake.actions.ledger import DatabaseLedger, list_files
from tocsin.rooms.intake.models import POSITION, JournalPosition, LakeFile, Receipt

SMALL = 16 * 1024 * 1024
FEW = 8  # small files of one day and dataset that may stay
TOGETHER = 128 * 1024 * 1024
JOURNAL_KEPT = 3600.0  # seconds; the database's own last writes are surely on the disk by then


def compact() -> int:
    """Replace many small files of a dataset and day by one; give how many were replaced."""
    replaced = 0
    for dataset, day, files in _crowds():
        paths = [file.path for file in files]
        written = queries.lake().compact(paths, dataset, day)
        try:
            _replace(files, written)
        except TakenMeanwhile:
            queries.lake().discard([written.path])
        else:
            queries.lake().retire(paths)
            replaced += len(files)
    return replaced


def sweep() -> int:
    """Remove lake files that are not true and journal segments that are done with; give how many of both."""
    removed = len(sweep_lake(queries.lake(), DatabaseLedger()))
    here = JournalPosition.objects.filter(name=POSITION).first()
    if here is not None:
        place = Position(here.segment, here.offset)
        removed += queries.journal().drop_before(place, older_than=time.time() - JOURNAL_KEPT)
    return removed


def _crowds() -> Iterator[tuple[str, date, list[LakeFile]]]:
    groups: defaultdict[tuple[str, date], list[LakeFile]] = defaultdict(list)
    for file in LakeFile.objects.filter(size__lt=SMALL).order_by("id"):
        groups[file.dataset, file.day].append(file)
    for (dataset, day), files in groups.items():
        for some in _armfuls(files):
            if len(some) >= FEW:
                yield dataset, day, some


def _armfuls(files: Iterable[LakeFile]) -> Iterator[list[LakeFile]]:
    some: list[LakeFile] = []
    size = 0
    for file in files:
        some.append(file)
        size += file.size
        if size >= TOGETHER:
            yield some
            some, size = [], 0
    yield some


@transaction.atomic
def _replace(files: Sequence[LakeFile], written: Written) -> None:
    rows = LakeFile.objects.select_for_update().filter(pk__in=[file.pk for file in files])
    if len(rows) != len(files):
        raise TakenMeanwhile("Another process has compacted these files.")
    rows.delete()
    uuids = [span.receipt for span in written.spans]
    list_files([written], dict(Receipt.objects.filter(uuid__in=uuids).values_list("uuid", "pk")))
