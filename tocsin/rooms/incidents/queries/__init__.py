"""Reads of the room: every one starts at what the person may see."""

from __future__ import annotations

from tocsin.rooms.incidents.queries.board import Column, board
from tocsin.rooms.incidents.queries.choices import (
    default_team,
    joinable,
    organisations_to_open_for,
    people_to_name,
    team_for,
    teams_to_offer,
)
from tocsin.rooms.incidents.queries.due import deadlines_of, late_deadlines, owed_by, sees_due
from tocsin.rooms.incidents.queries.family import (
    Divisible,
    Family,
    divisible,
    family,
    named,
    relation_or_404,
    suggested,
)
from tocsin.rooms.incidents.queries.lists import (
    Link,
    codes_in_reach,
    listed_organisations,
    of_alert,
    offers_to,
    open_tasks_of,
    queue,
    visible,
)
from tocsin.rooms.incidents.queries.matters import matter_for, matter_of, notice_url
from tocsin.rooms.incidents.queries.measures import Measure, Period, figure, measured, times
from tocsin.rooms.incidents.queries.open_ends import OpenEnd, open_children, open_ends, register_open_ends
from tocsin.rooms.incidents.queries.similar import Similar
from tocsin.rooms.incidents.queries.steps import lets, possible
from tocsin.rooms.incidents.queries.strip import Mark, Strip, strip
from tocsin.rooms.incidents.queries.tabs import Tab, register_tab, tabs
from tocsin.rooms.incidents.queries.view import (
    View,
    deadline_or_404,
    entry_or_404,
    may_answer,
    may_answer_offer,
    may_correct,
    may_inform,
    may_open,
    may_work,
    offer_or_404,
    part_or_404,
    task_or_404,
    view_or_404,
)

__all__ = [
    "Column",
    "Divisible",
    "Family",
    "Link",
    "Mark",
    "Measure",
    "OpenEnd",
    "Period",
    "Similar",
    "Strip",
    "Tab",
    "View",
    "board",
    "codes_in_reach",
    "deadline_or_404",
    "deadlines_of",
    "default_team",
    "divisible",
    "entry_or_404",
    "family",
    "figure",
    "joinable",
    "late_deadlines",
    "lets",
    "listed_organisations",
    "matter_for",
    "matter_of",
    "may_answer",
    "may_answer_offer",
    "may_correct",
    "may_inform",
    "may_open",
    "may_work",
    "measured",
    "named",
    "notice_url",
    "of_alert",
    "offer_or_404",
    "offers_to",
    "open_children",
    "open_ends",
    "open_tasks_of",
    "organisations_to_open_for",
    "owed_by",
    "part_or_404",
    "people_to_name",
    "possible",
    "queue",
    "register_open_ends",
    "register_tab",
    "relation_or_404",
    "sees_due",
    "strip",
    "suggested",
    "tabs",
    "task_or_404",
    "team_for",
    "teams_to_offer",
    "times",
    "view_or_404",
    "visible",
]
