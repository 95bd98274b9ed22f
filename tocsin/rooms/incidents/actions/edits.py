"""Two people editing one field: nothing is overwritten unseen.

Whoever edits says what the form had shown them (``shown``). Under the lock, a field that both they and somebody else
have changed since is a clash: nothing is written, and both values are told.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext as _

from tocsin.rooms.incidents.models import Incident, TimelineEntry

Shown = Mapping[str, Any] | None
Writer = Callable[[str], TimelineEntry | None]  # field -> the entry of its last change


@dataclass(frozen=True, slots=True)
class Clash:
    """One field that two people have changed: what stands there now, from whom and since when, and what was typed."""

    field: str
    theirs: Any
    mine: Any
    entry: TimelineEntry | None


class Clashed(ValidationError):
    """Somebody else has changed the same since; nothing was written."""

    def __init__(self, clashes: tuple[Clash, ...]) -> None:
        super().__init__(_("Somebody else has changed the same meanwhile. Nothing was overwritten: choose what stays."))
        self.clashes = clashes


def differing(current: models.Model, shown: Shown, values: Mapping[str, Any], writer: Writer) -> dict[str, Any]:
    """Give the values that change something; raise Clashed when what stands there is not what was ``shown``.

    Without ``shown`` (a program that read nothing first) the values are taken as they are. ``writer`` finds who
    changed a field last.
    """
    changed = {name: value for name, value in values.items() if not _same(getattr(current, name), value)}
    clashes = tuple(
        Clash(name, getattr(current, name), value, writer(name))
        for name, value in changed.items()
        if shown is not None and name in shown and not _same(getattr(current, name), shown[name])
    )
    if clashes:
        raise Clashed(clashes)
    return changed


def _same(one: Any, other: Any) -> bool:
    return bool(_plain(one) == _plain(other))


def _plain(value: Any) -> Any:
    """Give a value as a form can carry it: lines end as browsers send them, times have no seconds."""
    if isinstance(value, str):
        return value.replace("\r\n", "\n").strip()
    return value.replace(second=0, microsecond=0) if isinstance(value, datetime) else value


def last_entry(incident: Incident, event: str, **details: Any) -> TimelineEntry | None:
    """Give the newest entry of the house with these details: who did it, and when."""
    found = incident.timeline.filter(event=event, **{f"details__{name}": value for name, value in details.items()})
    return found.select_related("author").order_by("-time", "-id").first()
