"""What the lake needs of whoever keeps the accounts; the rooms do it in the database."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from typing import Protocol, TypeVar
from uuid import UUID

from tocsin.pipeline.lake.errors import TakenMeanwhile
from tocsin.pipeline.lake.files import Lake, Written
from tocsin.pipeline.schema.event import Batch

WorkT_contra = TypeVar("WorkT_contra", contravariant=True)
WorkT = TypeVar("WorkT")


class Ledger(Protocol[WorkT_contra]):
    """Account for pieces of work, each once, and say which files are true."""

    def commit(self, work: WorkT_contra, files: Sequence[Written]) -> None:
        """Make the work, its files and how far it has come true in one step.

        Raise `TakenMeanwhile` when somebody else has got there first; then nothing has changed.
        """

    def listed(self) -> Collection[str]:
        """Give the paths of all files that are true."""


def keep(
    lake: Lake, ledger: Ledger[WorkT], work: WorkT, taken: Sequence[tuple[UUID, Sequence[Batch]]], day: date
) -> None:
    """Put events on the disk and then make them true.

    When the ledger fails in any other way than by refusing, it may have committed all the same: then the files
    stay, and a sweep removes them later if nothing lists them.
    """
    files = lake.write(taken, day)
    try:
        ledger.commit(work, files)
    except TakenMeanwhile:
        lake.discard(file.path for file in files)
        raise


def sweep(lake: Lake, ledger: Ledger[WorkT]) -> list[str]:
    """Remove the files that no ledger lists; give their names."""
    return lake.sweep(ledger.listed())
