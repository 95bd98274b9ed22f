"""When a part goes on by itself, and whom its silence leads to."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

from tocsin.rooms.notices.knowledge import Rung, routes
from tocsin.rooms.notices.models import Part

REFUSALS_GO_TO = "ciso"
PATIENCE = 4
ANSWERED = frozenset({Part.State.ACKNOWLEDGED, Part.State.PLANNED})


def next_rung(part: Part) -> Rung | None:
    """Give the next rung of the ladder; None at its top."""
    ladder = routes().ladder
    return ladder[part.rung] if part.rung < len(ladder) else None


def rung_of_refusals() -> int:
    """Give the rung where refused work goes at once; the top of the ladder when none names that role."""
    ladder = routes().ladder
    return next((number for number, rung in enumerate(ladder) if REFUSALS_GO_TO in rung.to), len(ladder))


def rung_at(part: Part) -> datetime | None:
    """Give when the next rung is due. Whoever has answered has until the due time, or the day they named.

    A day too far away is not waited for: the ladder goes on once several times the time to answer has passed.
    """
    rung = next_rung(part)
    if rung is None or part.told_at is None or part.due_at is None:
        return None
    if part.state == Part.State.REFUSED and REFUSALS_GO_TO in rung.to:
        return part.answered_at
    due = part.told_at + (part.due_at - part.told_at) * rung.at
    if part.state == Part.State.PLANNED and part.planned_for is not None:
        end_of_day = datetime.combine(part.planned_for, time(), tzinfo=UTC) + timedelta(days=1)
        latest = part.due_at + (part.due_at - part.told_at) * PATIENCE
        return max(due, min(end_of_day, latest))
    if part.state in ANSWERED:
        return max(due, part.due_at)
    return due


def next_step(part: Part, now: datetime) -> datetime | None:
    """Give when something happens to a part by itself: a rung, or its becoming overdue; None when nothing will."""
    if part.settled or part.due_at is None:
        return None
    wakes = [rung_at(part), None if part.overdue else part.due_at]
    due = [when for when in wakes if when is not None]
    return max(min(due), now) if due else None
