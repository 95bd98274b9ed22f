"""Take along what one sees: page by page, oldest change first, and nothing past the gate."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import orjson
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from tocsin import __version__
from tocsin.platform import audit, gate
from tocsin.platform.access import require
from tocsin.platform.api_lists import page_of
from tocsin.platform.export import recipient_of
from tocsin.platform.gate import Action, Item, Recipient
from tocsin.platform.markings import strictest
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.exchange import queries
from tocsin.rooms.exchange.querysets import EXPORT
from tocsin.rooms.exchange.schemas import VERSION

PAGE = 200  # rows, each with all that belongs to it
OVERLAP = timedelta(minutes=10)  # what is being written while it is read has an earlier time than its commit
Key = tuple[str, frozenset[str], bool]


@dataclass(slots=True)
class Taking:
    """One export of one person. The gate is asked once for each marking and set of organisations that comes up."""

    person: Person
    action: Action
    recipient: Recipient = field(init=False)
    answers: dict[Key, bool] = field(default_factory=dict)
    taken: int = 0
    withheld: int = 0

    def __post_init__(self) -> None:
        require(self.person, EXPORT)
        self.recipient = recipient_of(self.person)

    def page(
        self, kind: queries.Kind, since: datetime | None, cursor: str | None, limit: int = PAGE
    ) -> tuple[list[dict[str, Any]], str | None]:
        """Give the lines of the next rows, and the cursor of those that follow."""
        if kind not in queries.kinds_for(self.person):
            raise PermissionDenied(_("Your role shows nothing of this kind."))
        rows, following = page_of(kind.rows(self.person), cursor, since, limit)
        known = kind.known(self.person, rows)
        items = kind.items(known)
        marked = [(_marked(items[pk], line), line) for pk, line in kind.lines(known)]
        self._ask(item for item, _line in marked)
        lines = [line for item, line in marked if self.answers[_key(item)]]
        self.taken += len(lines)
        self.withheld += len(marked) - len(lines)
        return lines, following

    def _ask(self, items: Iterable[Item]) -> None:
        """Ask about what was not asked yet."""
        fresh = {key: item for item in items if (key := _key(item)) not in self.answers}
        if fresh:
            asked = [(self._as_asked(item), self.recipient, self.action) for item in fresh.values()]
            with transaction.atomic():
                decisions = gate.ask_many(self.person, asked)
            self.answers |= {key: each.allowed for key, each in zip(fresh, decisions, strict=True)}

    def _as_asked(self, item: Item) -> Item:
        """Ask about all that is marked alike: what is nobody's is the house's, what is sealed names the reader."""
        return replace(
            item,
            type=f"export.{item.type}",
            uuid=None,
            title="",
            organisations=item.organisations or self.recipient.serves,
            named=frozenset({self.recipient.address}) if item.sealed else frozenset(),
        )

    def lines(self, kind: queries.Kind, since: datetime | None = None) -> Iterator[bytes]:
        """Give all lines of a kind as JSON, a page at a time."""
        cursor: str | None = None
        while True:
            found, cursor = self.page(kind, since, cursor)
            yield b"".join(map(written, found))
            if cursor is None:
                return


def _key(item: Item) -> Key:
    return str(item.tlp), item.organisations, item.sealed


def _marked(item: Item, line: dict[str, Any]) -> Item:
    """Give what a line is of, marked as strictly as the line itself."""
    own = line.get("tlp")
    return replace(item, tlp=strictest([item.tlp, own])) if own else item


def written(line: dict[str, Any]) -> bytes:
    """Give one line as JSON."""
    return orjson.dumps(line, option=orjson.OPT_UTC_Z | orjson.OPT_APPEND_NEWLINE)


def begin(*, actor: Person, kinds: Sequence[str], since: datetime | None, action: Action = Action.EXPORT) -> Taking:
    """Begin an export to a file; that it was made stands in the audit trail."""
    taking = Taking(actor, action)
    with transaction.atomic():
        audit.record(actor, "exchange.export", None, {"kinds": list(kinds), "since": str(since) if since else ""})
    return taking


def manifest(taking: Taking, counts: dict[str, int], since: datetime | None, began: datetime) -> dict[str, Any]:
    """Give what an export says of itself; ``next`` is the time to ask from next time."""
    return {
        "tocsin": __version__,
        "schema": VERSION,
        "person": taking.person.username,
        "began_at": began,
        "ended_at": timezone.now(),
        "updated_since": since,
        "next": began - OVERLAP,
        "lines": counts,
        "withheld_by_the_gate": taking.withheld,
    }
