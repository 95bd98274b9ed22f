"""Pages of the room: thin; what is read is in queries, what is done in actions."""

from __future__ import annotations

from tocsin.rooms.playbooks.pages.edit import playbook_edit, playbook_new
from tocsin.rooms.playbooks.pages.library import (
    playbook,
    playbook_file,
    playbook_import,
    playbook_settle,
    playbook_starter,
    playbook_switch,
    playbooks,
)
from tocsin.rooms.playbooks.pages.runs import assign, choose, run, runs, start, stop, tick, undo

__all__ = [
    "assign",
    "choose",
    "playbook",
    "playbook_edit",
    "playbook_file",
    "playbook_import",
    "playbook_new",
    "playbook_settle",
    "playbook_starter",
    "playbook_switch",
    "playbooks",
    "run",
    "runs",
    "start",
    "stop",
    "tick",
    "undo",
]
