"""Pages of the incident room: thin; what is read is in queries, what is done in actions."""

from __future__ import annotations

from tocsin.rooms.incidents.pages.acts import (
    accept,
    add_organisation,
    add_task,
    advance,
    answer_task,
    comment,
    entry,
    entry_pin,
    flag,
    inform,
    link,
    offer,
    parent,
    pause,
    refuse,
    reject,
    resume,
    seal,
    take,
    unlink,
    unseal,
    withdraw,
)
from tocsin.rooms.incidents.pages.board import board
from tocsin.rooms.incidents.pages.edits import change, entry_correct, part_change, task_change
from tocsin.rooms.incidents.pages.lifecycle import close, merge, split, unmerge
from tocsin.rooms.incidents.pages.lists import incident_from_alerts, incident_new, incidents
from tocsin.rooms.incidents.pages.one import incident, similar
from tocsin.rooms.incidents.pages.times import times

__all__ = [
    "accept",
    "add_organisation",
    "add_task",
    "advance",
    "answer_task",
    "board",
    "change",
    "close",
    "comment",
    "entry",
    "entry_correct",
    "entry_pin",
    "flag",
    "incident",
    "incident_from_alerts",
    "incident_new",
    "incidents",
    "inform",
    "link",
    "merge",
    "offer",
    "parent",
    "part_change",
    "pause",
    "refuse",
    "reject",
    "resume",
    "seal",
    "similar",
    "split",
    "take",
    "task_change",
    "times",
    "unlink",
    "unmerge",
    "unseal",
    "withdraw",
]
