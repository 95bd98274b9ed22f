"""What changes the constituency: loading a chart, and the changes people make one by one."""

from __future__ import annotations

from tocsin.rooms.constituency.actions.charted import load_chart
from tocsin.rooms.constituency.actions.dated import (
    end_deputation,
    name_deputy,
    note_announced,
    note_over,
    second,
)
from tocsin.rooms.constituency.actions.single import (
    add_asset,
    add_contact,
    change_contact,
    change_organisation,
    confirm_by_link,
    confirm_contact,
    end_asset,
    end_role,
    give_role,
    note_absence,
    note_asked,
    note_bounce,
    remove_contact,
)
from tocsin.rooms.constituency.actions.sync import Change

__all__ = [
    "Change",
    "add_asset",
    "add_contact",
    "change_contact",
    "change_organisation",
    "confirm_by_link",
    "confirm_contact",
    "end_asset",
    "end_deputation",
    "end_role",
    "give_role",
    "load_chart",
    "name_deputy",
    "note_absence",
    "note_announced",
    "note_asked",
    "note_bounce",
    "note_over",
    "remove_contact",
    "second",
]
