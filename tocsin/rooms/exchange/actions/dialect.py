"""What is asked of every kind of ticket system, and what it said, as plain values."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

PER_PAGE = 100  # lines of a history, and tickets in one question


class Trouble(Exception):
    """The other side does not do what is asked; the text says what and what to do next.

    ``whole`` tells whether it stands against everything there, and not against one ticket alone.
    """

    def __init__(self, text: str, *, whole: bool = False) -> None:
        super().__init__(text[:500])
        self.whole = whole


@dataclass(frozen=True, slots=True)
class There:
    """A ticket as it stands there."""

    number: str
    state: str
    creator: str


@dataclass(frozen=True, slots=True)
class Transaction:
    """One line of a ticket's history there."""

    number: int
    type: str
    creator: str
    created: datetime
    now: str = ""  # of a changed state


@dataclass(frozen=True, slots=True)
class Text:
    """What somebody wrote there: the text, whether it is HTML, the names of what is attached."""

    text: str = ""
    markup: bool = False
    names: tuple[str, ...] = ()


class Dialect(Protocol):
    """One ticket system, opened with a token; each raises Trouble when the other side does not do what is asked."""

    def version(self) -> str:
        """Give its version: the address is right, and the token is taken."""

    def has_queue(self, name: str) -> str:
        """Give the name of a queue as it is written there."""

    def fields(self, queue: str) -> Collection[str]:
        """Give the names of the custom fields that the tickets of a queue have, as far as the account sees them."""

    def set_fields(self, number: str, fields: Mapping[str, str]) -> Collection[str]:
        """Write custom fields of a ticket and give the names of those it took."""

    def find(self, reference: str, field: str) -> list[str]:
        """Give the numbers of the tickets that carry a reference."""

    def create(self, queue: str, subject: str, text: str, fields: Mapping[str, str]) -> str:
        """Open a ticket and give its number."""

    def write(self, number: str, text: str) -> None:
        """Write a reply into a ticket."""

    def set_state(self, number: str, state: str) -> None:
        """Give a ticket a state; whether it took it is looked at afterwards."""

    def ticket(self, number: str) -> There:
        """Give a ticket as it stands there."""

    def changed(self, numbers: Collection[str]) -> Mapping[str, datetime]:
        """Give when each of some tickets, at most ``PER_PAGE``, last changed, by the clock there."""

    def history(self, number: str, read: int) -> Iterable[Transaction]:
        """Give a ticket's history, oldest first, from the page of ``PER_PAGE`` lines with its ``read``th line."""

    def text(self, transaction: int) -> Text:
        """Give what was written with one line of a history."""
