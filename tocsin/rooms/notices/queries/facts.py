"""The facts of one organisation, as they are kept, shown, compared and sent along."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tocsin.pipeline.lake.search import Seen
from tocsin.platform.export import table
from tocsin.rooms.notices.queries.values import Value

COLUMNS = ("value", "sort", "held_as", "count", "first", "last", "note")
OWN = frozenset({"host", "user", "alert"})  # names of the organisation itself, which nobody opens by a click
Kept = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that concerns one organisation: it holds the value (``held_as``), or its events name it (``seen``)."""

    value: Value
    held_as: str = ""
    seen: Seen | None = None


def kept(fact: Fact) -> Kept:
    """Give a fact as it is kept: plain values under the names of `COLUMNS`."""
    row: Kept = {"value": fact.value.text, "sort": fact.value.sort, "held_as": fact.held_as}
    if fact.seen is not None:
        row |= {"count": fact.seen.count}
        row |= {
            name: f"{when:%Y-%m-%dT%H:%M:%SZ}"
            for name, when in (("first", fact.seen.first), ("last", fact.seen.last))
            if when is not None
        }
    return row


def shown(fact: Mapping[str, Any]) -> str:
    """Give the value so that no mail program makes a link of what may be hostile."""
    text = str(fact["value"])
    return text if fact.get("held_as") or fact.get("sort") in OWN else text.replace(".", "[.]").replace("http", "hxxp")


def as_table(facts: Iterable[Mapping[str, Any]]) -> str:
    """Give the facts as comma-separated text, harmless in a spreadsheet."""
    return table(COLUMNS, [[fact.get(name, "") for name in COLUMNS] for fact in facts])


def key(fact: Mapping[str, Any]) -> tuple[str, str]:
    """Give what makes two facts the same: the value, and the entry that holds it."""
    return str(fact["value"]), str(fact.get("held_as", ""))


def difference(before: Sequence[Kept], after: Sequence[Kept]) -> tuple[list[Kept], list[Kept]]:
    """Give what came and what went between two editions."""
    old, new = ({key(fact): fact for fact in facts} for facts in (before, after))
    return [new[each] for each in new if each not in old], [old[each] for each in old if each not in new]
