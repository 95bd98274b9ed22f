"""Writes of the room: imports from the file to the incidents and back; tickets at the organisations' own systems."""

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
from tocsin.rooms.exchange.actions.desks import Step, change_desk, hook_secret, run_desk, set_up_desk, try_desk
from tocsin.rooms.exchange.actions.errors import ExchangeError
from tocsin.rooms.exchange.actions.examine import examine_desks
from tocsin.rooms.exchange.actions.mirroring import begin_now, called, mirror, mirror_now, stop_for_seal
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
    "Step",
    "Taking",
    "ask_to_bring_in",
    "ask_to_undo",
    "begin",
    "begin_now",
    "bring_in",
    "called",
    "change_desk",
    "decide",
    "discard",
    "examine_desks",
    "hook_secret",
    "keep_mapping",
    "look_at",
    "manifest",
    "match_columns",
    "mirror",
    "mirror_now",
    "receive",
    "run_desk",
    "set_up_desk",
    "stop_for_seal",
    "sweep",
    "take_back",
    "try_desk",
    "work",
    "written",
]
