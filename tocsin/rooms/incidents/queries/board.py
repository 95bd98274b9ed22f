"""The board of a response team: open incidents by severity, those due or those waiting longest on top."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tocsin.rooms.incidents.models import Incident, Severity
from tocsin.rooms.incidents.queries.lists import queue

SHOWN = 10  # cards of a column
COUNTED = 50  # how far it is counted what is not shown
ORDERS = {"": ("next_due_at", "id"), "age": ("id",)}


@dataclass(frozen=True, slots=True)
class Column:
    """One severity: the cards on top, and how many more there are; ``endless`` when that was not counted to its end."""

    severity: Severity
    cards: Sequence[Incident]
    more: int
    endless: bool


def board(user: Any, *, filters: Mapping[str, str], sort: str = "") -> list[Column]:
    """Give the columns of the board, the worst severity first; one query each, whatever there is."""
    order = ORDERS.get(sort, ORDERS[""])
    found = queue(user, filters={**filters, "state": "open"}).only(*_CARD).order_by(*order)
    return [_column(severity, list(found.filter(severity=severity)[: SHOWN + COUNTED + 1])) for severity in _COLUMNS]


def _column(severity: Severity, rows: list[Incident]) -> Column:
    more = max(0, len(rows) - SHOWN)
    return Column(severity, rows[:SHOWN], min(more, COUNTED), more > COUNTED)


_COLUMNS = sorted(Severity, reverse=True)
_CARD = ("uuid", "reference", "title", "state", "severity", "sealed", "created_at", "next_due_at", "breached",
         "owner__username", "owner__full_name", "owner_team__code", "offered_to__code")  # fmt: skip
