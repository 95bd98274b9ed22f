"""The board of a response team: open incidents by severity, those due or those waiting longest on top."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tocsin.rooms.incidents.models import Incident, Severity
from tocsin.rooms.incidents.queries.lists import LISTED, queue

SHOWN = 8  # cards of a column
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
    """Give the columns of the board, the worst severity first; a query for each, and one for all the cards."""
    order = ORDERS.get(sort, ORDERS[""])
    found = queue(user, filters={**filters, "state": "open"}).order_by(*order)
    ids = {
        severity: list(found.filter(severity=severity).values_list("pk", flat=True)[: SHOWN + COUNTED + 1])
        for severity in sorted(Severity, reverse=True)
    }
    shown = [pk for column in ids.values() for pk in column[:SHOWN]]
    cards = Incident.objects.select_related(*LISTED).only(*_CARD).in_bulk(shown)
    return [_column(severity, column, cards) for severity, column in ids.items()]


def _column(severity: Severity, ids: Sequence[int], cards: Mapping[int, Incident]) -> Column:
    more = max(0, len(ids) - SHOWN)
    return Column(severity, [cards[pk] for pk in ids[:SHOWN] if pk in cards], min(more, COUNTED), more > COUNTED)


_CARD = ("uuid", "reference", "title", "state", "severity", "sealed", "created_at", "next_due_at", "breached",
         "owner__username", "owner__full_name", "owner_team__code", "offered_to__code")  # fmt: skip
