"""Writes of the room: an import goes from the file through a look to the incidents, and back again."""

from __future__ import annotations

from tocsin.rooms.exchange.actions.bringing import bring_in
from tocsin.rooms.exchange.actions.deciding import (
    ask_to_bring_in,
    ask_to_undo,
    decide,
    discard,
    keep_mapping,
    match_columns,
)
from tocsin.rooms.exchange.actions.errors import ExchangeError
from tocsin.rooms.exchange.actions.reading import look_at
from tocsin.rooms.exchange.actions.receiving import MOST_BYTES, MOST_FILES, Offered, receive
from tocsin.rooms.exchange.actions.taking import PAGE, Taking, begin, manifest, written
from tocsin.rooms.exchange.actions.undoing import take_back
from tocsin.rooms.exchange.actions.upkeep import sweep, work

__all__ = [
    "MOST_BYTES",
    "MOST_FILES",
    "PAGE",
    "ExchangeError",
    "Offered",
    "Taking",
    "ask_to_bring_in",
    "ask_to_undo",
    "begin",
    "bring_in",
    "decide",
    "discard",
    "keep_mapping",
    "look_at",
    "manifest",
    "match_columns",
    "receive",
    "sweep",
    "take_back",
    "work",
    "written",
]
