"""Reads of the room: every one starts at what the person may see."""

from __future__ import annotations

from tocsin.rooms.incidents.queries.choices import (
    default_team,
    joinable,
    organisations_to_open_for,
    people_to_name,
    teams_to_offer,
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
from tocsin.rooms.incidents.queries.similar import Similar
from tocsin.rooms.incidents.queries.tabs import Tab, register_tab, tabs
from tocsin.rooms.incidents.queries.view import (
    View,
    may_answer,
    may_answer_offer,
    may_inform,
    may_open,
    may_work,
    offer_or_404,
    task_or_404,
    view_or_404,
)

__all__ = [
    "Link",
    "Similar",
    "Tab",
    "View",
    "codes_in_reach",
    "default_team",
    "joinable",
    "listed_organisations",
    "matter_for",
    "matter_of",
    "may_answer",
    "may_answer_offer",
    "may_inform",
    "may_open",
    "may_work",
    "notice_url",
    "of_alert",
    "offer_or_404",
    "offers_to",
    "open_tasks_of",
    "organisations_to_open_for",
    "people_to_name",
    "queue",
    "register_tab",
    "tabs",
    "task_or_404",
    "teams_to_offer",
    "view_or_404",
    "visible",
]
