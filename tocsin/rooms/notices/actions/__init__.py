"""What people and time do with notices: only here, and in the outbox, is anything sent."""

from __future__ import annotations

from tocsin.rooms.notices.actions.answer import (
    KINDS,
    NEEDS_REASON,
    QUESTION,
    Said,
    answer,
    answer_by_link,
    answer_signed_in,
    told_by_telephone,
)
from tocsin.rooms.notices.actions.contacts import ask_to_confirm
from tocsin.rooms.notices.actions.contradict import contradict
from tocsin.rooms.notices.actions.converse import remark, settle_threads, write_mail
from tocsin.rooms.notices.actions.draft import correct, discard, draft, draft_list, withdraw
from tocsin.rooms.notices.actions.errors import LookAgain, NoticeError
from tocsin.rooms.notices.actions.ladder import not_reached, out_of_office, step_due
from tocsin.rooms.notices.actions.letters import failed_on_the_way, fetch, settle, take
from tocsin.rooms.notices.actions.message import hold_about, move_matter, move_threads, seal_about, write_to
from tocsin.rooms.notices.actions.people import (
    Digest,
    NewsLine,
    Paged,
    Paging,
    Told,
    page_people,
    tell_digest,
    tell_people,
)
from tocsin.rooms.notices.actions.send import Sent, send, send_by_itself, send_rest, tell_by_telephone
from tocsin.rooms.notices.actions.tell import send_again

__all__ = [
    "KINDS",
    "NEEDS_REASON",
    "QUESTION",
    "Digest",
    "LookAgain",
    "NewsLine",
    "NoticeError",
    "Paged",
    "Paging",
    "Said",
    "Sent",
    "Told",
    "answer",
    "answer_by_link",
    "answer_signed_in",
    "ask_to_confirm",
    "contradict",
    "correct",
    "discard",
    "draft",
    "draft_list",
    "failed_on_the_way",
    "fetch",
    "hold_about",
    "move_matter",
    "move_threads",
    "not_reached",
    "out_of_office",
    "page_people",
    "remark",
    "seal_about",
    "send",
    "send_again",
    "send_by_itself",
    "send_rest",
    "settle",
    "settle_threads",
    "step_due",
    "take",
    "tell_by_telephone",
    "tell_digest",
    "tell_people",
    "told_by_telephone",
    "withdraw",
    "write_mail",
    "write_to",
]
