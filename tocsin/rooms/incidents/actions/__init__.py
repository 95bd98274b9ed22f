"""Writes of the room: one transaction each, audited, allowed or refused here and nowhere else."""

from __future__ import annotations

from tocsin.rooms.incidents.actions.hand_over import accept, offer, refuse, withdraw
from tocsin.rooms.incidents.actions.handle import (
    add_organisation,
    advance,
    change,
    close,
    comment,
    join_alerts,
    open_incident,
    take,
)
from tocsin.rooms.incidents.actions.inform import inform, note_letter
from tocsin.rooms.incidents.actions.record import note
from tocsin.rooms.incidents.actions.seals import seal, unseal
from tocsin.rooms.incidents.actions.tasks import add_task, answer_task

__all__ = [
    "accept",
    "add_organisation",
    "add_task",
    "advance",
    "answer_task",
    "change",
    "close",
    "comment",
    "inform",
    "join_alerts",
    "note",
    "note_letter",
    "offer",
    "open_incident",
    "refuse",
    "seal",
    "take",
    "unseal",
    "withdraw",
]
