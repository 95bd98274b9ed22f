"""What the room knows: whom something concerns, who would be told of it, and what became of it."""

from __future__ import annotations

from tocsin.rooms.notices.queries.affected import Affected, Listed, Row, affected, preview, read_list
from tocsin.rooms.notices.queries.directory import Desk, Directory, directory
from tocsin.rooms.notices.queries.facts import Fact
from tocsin.rooms.notices.queries.following import (
    Figures,
    counts,
    figures,
    letter_or_404,
    letters_of,
    letters_waiting,
    listed,
    may_send,
    median_of_others,
    notice_or_404,
    own_parts,
    part_at_or_404,
    part_named,
    part_or_404,
    parts_of,
    standing,
    still_theirs,
    stuck_parts,
    telling_of,
)
from tocsin.rooms.notices.queries.grid import Matrix, matrix, signs
from tocsin.rooms.notices.queries.ladder import next_rung, next_step, rung_at, rung_of_refusals
from tocsin.rooms.notices.queries.letters import link, read_content, uuid_of
from tocsin.rooms.notices.queries.matters import Matter, about, matter_or_404, register, tell_room
from tocsin.rooms.notices.queries.planning import Plan, Word, calls, item_of, plan, preview_of, recipient_of
from tocsin.rooms.notices.queries.routing import Routed, Step, Told, Trouble, reach, resolve
from tocsin.rooms.notices.queries.simulation import Simulated, simulate
from tocsin.rooms.notices.queries.values import Unread, Value, read_values

__all__ = [
    "Affected",
    "Desk",
    "Directory",
    "Fact",
    "Figures",
    "Listed",
    "Matrix",
    "Matter",
    "Plan",
    "Routed",
    "Row",
    "Simulated",
    "Step",
    "Told",
    "Trouble",
    "Unread",
    "Value",
    "Word",
    "about",
    "affected",
    "calls",
    "counts",
    "directory",
    "figures",
    "item_of",
    "letter_or_404",
    "letters_of",
    "letters_waiting",
    "link",
    "listed",
    "matrix",
    "matter_or_404",
    "may_send",
    "median_of_others",
    "next_rung",
    "next_step",
    "notice_or_404",
    "own_parts",
    "part_at_or_404",
    "part_named",
    "part_or_404",
    "parts_of",
    "plan",
    "preview",
    "preview_of",
    "reach",
    "read_content",
    "read_list",
    "read_values",
    "recipient_of",
    "register",
    "resolve",
    "rung_at",
    "rung_of_refusals",
    "signs",
    "simulate",
    "standing",
    "still_theirs",
    "stuck_parts",
    "tell_room",
    "telling_of",
    "uuid_of",
]
