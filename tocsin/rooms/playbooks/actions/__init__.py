"""Writes of the room: one transaction each, audited, allowed or refused here and nowhere else."""

from __future__ import annotations

from tocsin.rooms.playbooks.actions.editing import save, settle, switch, write_new
from tocsin.rooms.playbooks.actions.importing import Taken, ensure_starter, take_file, take_starter
from tocsin.rooms.playbooks.actions.running import assign, choose, start, stop, tick, undo
from tocsin.rooms.playbooks.actions.sending import export_file

__all__ = [
    "Taken",
    "assign",
    "choose",
    "ensure_starter",
    "export_file",
    "save",
    "settle",
    "start",
    "stop",
    "switch",
    "take_file",
    "take_starter",
    "tick",
    "undo",
    "write_new",
]
