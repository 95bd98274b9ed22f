"""Reads of the room: every one starts at what the person may see."""

from __future__ import annotations

from tocsin.rooms.playbooks.queries.course import Course, Row, course_of
from tocsin.rooms.playbooks.queries.drawing import Drawing, draw
from tocsin.rooms.playbooks.queries.files import file_of, whole_of
from tocsin.rooms.playbooks.queries.library import (
    ORDER,
    branch_words,
    fits,
    listed,
    may_manage,
    playbook_or_404,
    runs_of,
    step_counts,
    teams,
    version_or_404,
    versions,
)
from tocsin.rooms.playbooks.queries.runs import (
    Offered,
    Shown,
    course,
    offered,
    people_for,
    progress_of,
    run_or_404,
    runs_on,
    runs_to_read,
    shown,
    step_or_404,
)

__all__ = [
    "ORDER",
    "Course",
    "Drawing",
    "Offered",
    "Row",
    "Shown",
    "branch_words",
    "course",
    "course_of",
    "draw",
    "file_of",
    "fits",
    "listed",
    "may_manage",
    "offered",
    "people_for",
    "playbook_or_404",
    "progress_of",
    "run_or_404",
    "runs_of",
    "runs_on",
    "runs_to_read",
    "shown",
    "step_counts",
    "step_or_404",
    "teams",
    "version_or_404",
    "versions",
    "whole_of",
]
