"""Writes of the room: one transaction each, audited, allowed or refused here and nowhere else."""

from __future__ import annotations

from tocsin.rooms.rota.actions.notes import read_note, write_note
from tocsin.rooms.rota.actions.paging import (
    acknowledge,
    acknowledge_by_link,
    escalate,
    move_matter,
    note_telephone,
    page,
    seal_about,
    withdraw,
)
from tocsin.rooms.rota.actions.rosters import (
    plan_ahead,
    remove_layer,
    save_layer,
    set_up,
    stand_in,
    swap,
    withdraw_stand_in,
)
from tocsin.rooms.rota.actions.terms import end_deputation, follow_terms, name_deputy, second

__all__ = [
    "acknowledge",
    "acknowledge_by_link",
    "end_deputation",
    "escalate",
    "follow_terms",
    "move_matter",
    "name_deputy",
    "note_telephone",
    "page",
    "plan_ahead",
    "read_note",
    "remove_layer",
    "save_layer",
    "seal_about",
    "second",
    "set_up",
    "stand_in",
    "swap",
    "withdraw",
    "withdraw_stand_in",
    "write_note",
]
