"""What people fill in about playbooks."""

from __future__ import annotations

from tocsin.rooms.playbooks.forms.checklist import Draft, WholeForm
from tocsin.rooms.playbooks.forms.library import FilterForm, ImportForm, NewForm, SettleForm
from tocsin.rooms.playbooks.forms.runs import (
    AssignForm,
    ChooseForm,
    NothingForm,
    StartForm,
    StopForm,
    TickForm,
    UndoForm,
)

__all__ = [
    "AssignForm",
    "ChooseForm",
    "Draft",
    "FilterForm",
    "ImportForm",
    "NewForm",
    "NothingForm",
    "SettleForm",
    "StartForm",
    "StopForm",
    "TickForm",
    "UndoForm",
    "WholeForm",
]
