"""Pages of the room: whom a list concerns, what they are told, what they answer."""

from __future__ import annotations

from tocsin.rooms.notices.pages.letters import letter_settle, letters
from tocsin.rooms.notices.pages.links import answer
from tocsin.rooms.notices.pages.notices import (
    affected,
    board,
    by_telephone,
    correct,
    discard,
    matrix,
    notice,
    notice_new,
    notices,
    routing,
    send,
    send_rest,
    telephone,
    withdraw,
)
from tocsin.rooms.notices.pages.parts import mine, part, part_answer, part_telephone, told

__all__ = [
    "affected",
    "answer",
    "board",
    "by_telephone",
    "correct",
    "discard",
    "letter_settle",
    "letters",
    "matrix",
    "mine",
    "notice",
    "notice_new",
    "notices",
    "part",
    "part_answer",
    "part_telephone",
    "routing",
    "send",
    "send_rest",
    "telephone",
    "told",
    "withdraw",
]
