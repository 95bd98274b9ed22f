"""The worker's part: what waits is done, what nobody comes back to is thrown away."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from tocsin.rooms.exchange.actions.bringing import bring_in
from tocsin.rooms.exchange.actions.deciding import discard
from tocsin.rooms.exchange.actions.reading import look_at
from tocsin.rooms.exchange.actions.undoing import take_back
from tocsin.rooms.exchange.models import Import

KEPT, ATTENDED = timedelta(days=30), timedelta(days=1)
State = Import.State
STEPS: dict[str, Callable[[Import], None]] = {
    State.NEW: look_at,
    State.READING: look_at,
    State.COMMITTING: bring_in,
    State.UNDOING: take_back,
}


def work() -> int:
    """Take every import that waits for the worker one step further; give how many."""
    waiting = list(Import.objects.filter(state__in=Import.AT_WORK, attended=False).order_by("id")[:20])
    for load in waiting:
        STEPS[load.state](load)
    return len(waiting)


def sweep() -> int:
    """Throw away what was never brought in: after 30 days, or a day after the command that started it died."""
    now = timezone.now()
    left = Q(state__in=[State.COLUMNS, State.READY, State.FAILED], updated_at__lt=now - KEPT)
    left |= Q(attended=True, updated_at__lt=now - ATTENDED, state__in=[State.NEW, State.READING, State.READY])
    found = list(Import.objects.filter(left))
    for load in found:
        discard(actor=None, load=load)
    return len(found)
