"""Pages of the room: thin; what is read is in queries, what is done in actions."""

from __future__ import annotations

from tocsin.rooms.rota.pages.notes import my_shift_notes, shift_note_read, shift_notes
from tocsin.rooms.rota.pages.paging import (
    called,
    page,
    page_acknowledge,
    page_new,
    page_telephone,
    page_withdraw,
)
from tocsin.rooms.rota.pages.rosters import (
    layer,
    layer_add,
    layer_remove,
    my_calendar,
    on_call,
    roster,
    roster_calendar,
    roster_set_up,
    shift_swap,
    stand_in_add,
    stand_in_remove,
)
from tocsin.rooms.rota.pages.terms import deputies, deputy_end, second

__all__ = [
    "called",
    "deputies",
    "deputy_end",
    "layer",
    "layer_add",
    "layer_remove",
    "my_calendar",
    "my_shift_notes",
    "on_call",
    "page",
    "page_acknowledge",
    "page_new",
    "page_telephone",
    "page_withdraw",
    "roster",
    "roster_calendar",
    "roster_set_up",
    "second",
    "shift_note_read",
    "shift_notes",
    "shift_swap",
    "stand_in_add",
    "stand_in_remove",
]
