"""Tables of the room."""

from __future__ import annotations

from tocsin.rooms.rota.models.note import ShiftNote
from tocsin.rooms.rota.models.paging import MANAGE, OVERSEE, PAGE, Call, Means, Page
from tocsin.rooms.rota.models.roster import WEEKS_MOST, Layer, Line, Roster, Shift, StandIn, Turn

__all__ = [
    "MANAGE",
    "OVERSEE",
    "PAGE",
    "WEEKS_MOST",
    "Call",
    "Layer",
    "Line",
    "Means",
    "Page",
    "Roster",
    "Shift",
    "ShiftNote",
    "StandIn",
    "Turn",
]
