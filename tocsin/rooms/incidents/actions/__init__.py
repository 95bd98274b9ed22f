"""Writes of the room: one transaction each, audited, allowed or refused here and nowhere else."""

from __future__ import annotations

from tocsin.rooms.incidents.actions.adopt import (
    Adopted,
    AdoptedEntry,
    AdoptedPart,
    AdoptedSighting,
    AdoptedTask,
    adopt,
    changed_since,
    let_go,
)
from tocsin.rooms.incidents.actions.alarm import keep_levels
from tocsin.rooms.incidents.actions.change import change, change_part, set_flag
from tocsin.rooms.incidents.actions.closing import close, settle
from tocsin.rooms.incidents.actions.converse import (
    answer_conversation,
    converse,
    note_failure,
    note_letter,
    settle_conversation,
)
from tocsin.rooms.incidents.actions.edits import Clash, Clashed
from tocsin.rooms.incidents.actions.entries import add_event, correct, pin
from tocsin.rooms.incidents.actions.evidence import (
    About,
    add_evidence,
    destroy_evidence,
    hand_over_evidence,
    hold_evidence,
    release_evidence,
    take_along,
    verify_evidence,
)
from tocsin.rooms.incidents.actions.examine import examine_levels
from tocsin.rooms.incidents.actions.family import relate, set_parent, unrelate
from tocsin.rooms.incidents.actions.hand_answer import accept, receive, refuse, withdraw
from tocsin.rooms.incidents.actions.hand_over import Content, hand_over, offer
from tocsin.rooms.incidents.actions.handle import add_organisation, comment, join_alerts, open_incident, take
from tocsin.rooms.incidents.actions.inform import inform
from tocsin.rooms.incidents.actions.insider import Ground, flag_insider, open_insider
from tocsin.rooms.incidents.actions.many import Order, Plan, Why, change_many, plan_many, undo_many
from tocsin.rooms.incidents.actions.merging import MergePlan, merge, plan_merge, take_apart
from tocsin.rooms.incidents.actions.moving import Going, Mover, Passage, Rows, register_mover
from tocsin.rooms.incidents.actions.paging import Pages, hold_incident, note_page, page_team
from tocsin.rooms.incidents.actions.pauses import pause, resume
from tocsin.rooms.incidents.actions.personal import (
    GRANT,
    add_personal,
    ask_personal,
    decide_personal,
    destroy_personal,
    hold_personal,
    open_personal,
    release_personal,
    withdraw_personal,
)
from tocsin.rooms.incidents.actions.reading import read_waiting
from tocsin.rooms.incidents.actions.record import note
from tocsin.rooms.incidents.actions.rises import rise_due, take_up
from tocsin.rooms.incidents.actions.seals import hear_of_seals, seal, unseal
from tocsin.rooms.incidents.actions.splitting import Chosen, split
from tocsin.rooms.incidents.actions.states import advance, reject
from tocsin.rooms.incidents.actions.tasks import add_task, answer_task, change_task
from tocsin.rooms.incidents.actions.telling import remind_of_requests, remind_of_tasks

__all__ = [
    "GRANT",
    "About",
    "Adopted",
    "AdoptedEntry",
    "AdoptedPart",
    "AdoptedSighting",
    "AdoptedTask",
    "Chosen",
    "Clash",
    "Clashed",
    "Content",
    "Going",
    "Ground",
    "MergePlan",
    "Mover",
    "Order",
    "Pages",
    "Passage",
    "Plan",
    "Rows",
    "Why",
    "accept",
    "add_event",
    "add_evidence",
    "add_organisation",
    "add_personal",
    "add_task",
    "adopt",
    "advance",
    "answer_conversation",
    "answer_task",
    "ask_personal",
    "change",
    "change_many",
    "change_part",
    "change_task",
    "changed_since",
    "close",
    "comment",
    "converse",
    "correct",
    "decide_personal",
    "destroy_evidence",
    "destroy_personal",
    "examine_levels",
    "flag_insider",
    "hand_over",
    "hand_over_evidence",
    "hear_of_seals",
    "hold_evidence",
    "hold_incident",
    "hold_personal",
    "inform",
    "join_alerts",
    "keep_levels",
    "let_go",
    "merge",
    "note",
    "note_failure",
    "note_letter",
    "note_page",
    "offer",
    "open_incident",
    "open_insider",
    "open_personal",
    "page_team",
    "pause",
    "pin",
    "plan_many",
    "plan_merge",
    "read_waiting",
    "receive",
    "refuse",
    "register_mover",
    "reject",
    "relate",
    "release_evidence",
    "release_personal",
    "remind_of_requests",
    "remind_of_tasks",
    "resume",
    "rise_due",
    "seal",
    "set_flag",
    "set_parent",
    "settle",
    "settle_conversation",
    "split",
    "take",
    "take_along",
    "take_apart",
    "take_up",
    "undo_many",
    "unrelate",
    "unseal",
    "verify_evidence",
    "withdraw",
    "withdraw_personal",
]
