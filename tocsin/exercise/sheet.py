"""What a log holds before it is written: entries in any order, some of them marked as part of the story."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple


@dataclass(frozen=True, slots=True)
class Mark:
    """Say what an entry is: a step of a stage, or an everyday act that looks like one."""

    stage: str
    rules: tuple[str, ...]
    techniques: tuple[str, ...]
    organisations: tuple[str, ...]
    subject: tuple[str, str]


class Entry(NamedTuple):
    """One record to be: when, in which order among the simultaneous, and its content for the log's format."""

    when: int
    order: int
    content: Mapping[str, Any]
    mark: Mark | None


@dataclass(slots=True)
class Sheet:
    """Collect the entries of one log."""

    entries: list[Entry] = field(default_factory=list)

    def add(self, when: int, content: Mapping[str, Any], mark: Mark | None = None) -> None:
        """Note one entry."""
        self.entries.append(Entry(when, len(self.entries), content, mark))

    def in_order(self) -> list[Entry]:
        """Give the entries as time has them."""
        return sorted(self.entries, key=lambda entry: entry[:2])
