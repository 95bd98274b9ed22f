"""What people do with alerts, and the way in for what the engines find."""

from __future__ import annotations

from tocsin.platform.bulk import MOST
from tocsin.rooms.alerts.actions.bulk import allowing, change_all, change_chosen, step_of, undo
from tocsin.rooms.alerts.actions.errors import (
    AlertError,
    NewerGroupOpen,
    NothingToDo,
    NotSuppressed,
    NotTheirs,
    ReasonMissing,
    StepNotPossible,
)
from tocsin.rooms.alerts.actions.ingest import Ingest
from tocsin.rooms.alerts.actions.recording import record_hits
from tocsin.rooms.alerts.actions.steps import (
    answer,
    ask,
    assign,
    assign_many,
    comment,
    dispose,
    dispose_many,
    escalate,
    escalate_many,
    release,
    reopen,
    take,
    take_many,
)
from tocsin.rooms.alerts.actions.suppressing import lift, prolong, remind, suppress
from tocsin.rooms.alerts.actions.telling import MOST as MOST_TOLD
from tocsin.rooms.alerts.actions.telling import notice_of

__all__ = [
    "MOST",
    "MOST_TOLD",
    "AlertError",
    "Ingest",
    "NewerGroupOpen",
    "NotSuppressed",
    "NotTheirs",
    "NothingToDo",
    "ReasonMissing",
    "StepNotPossible",
    "allowing",
    "answer",
    "ask",
    "assign",
    "assign_many",
    "change_all",
    "change_chosen",
    "comment",
    "dispose",
    "dispose_many",
    "escalate",
    "escalate_many",
    "lift",
    "notice_of",
    "prolong",
    "record_hits",
    "release",
    "remind",
    "reopen",
    "step_of",
    "suppress",
    "take",
    "take_many",
    "undo",
]
