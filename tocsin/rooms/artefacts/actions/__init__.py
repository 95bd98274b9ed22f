"""Writes of the room: taken in, opened, held, handed over, verified, destroyed, each with its line in the custody log.

Who may do what to an artefact is known to the room that it belongs to: that room asks, and then calls these.
"""

from __future__ import annotations

from tocsin.rooms.artefacts.actions.custody import (
    Outgoing,
    destroy,
    hand_over,
    hold,
    locked,
    move,
    open_content,
    open_for_search,
    release,
    verify,
)
from tocsin.rooms.artefacts.actions.download import Download
from tocsin.rooms.artefacts.actions.receive import Received, Receiver, receive_body, receiving, register
from tocsin.rooms.artefacts.actions.turns import let_pass
from tocsin.rooms.artefacts.actions.upkeep import sweep

__all__ = [
    "Download",
    "Outgoing",
    "Received",
    "Receiver",
    "destroy",
    "hand_over",
    "hold",
    "let_pass",
    "locked",
    "move",
    "open_content",
    "open_for_search",
    "receive_body",
    "receiving",
    "register",
    "release",
    "sweep",
    "verify",
]
