"""What the lake needs of whoever keeps the accounts: the rooms do it in the database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from tocsin.pipeline.lake.files import Written

PieceT_contra = TypeVar("PieceT_contra", contravariant=True)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a content has been taken: the next byte, the records so far, and what the parser must remember."""

    offset: int = 0
    records: int = 0
    state: Mapping[str, Any] = field(default_factory=dict)


class Ledger(Protocol[PieceT_contra]):
    """Account for pieces of work, each once."""

    def progress(self) -> Progress:
        """Give how far the work has come."""

    def commit(self, piece: PieceT_contra, files: Sequence[Written]) -> None:
        """Make a piece, its files and the new progress true in one step.

        Raise `TakenMeanwhile` when somebody else has got there first; then nothing has changed.
        """
