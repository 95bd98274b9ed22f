"""What a room shows on a page of a room below it: the page names the place, the room above fills it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Read = Callable[[Any, Any], Mapping[str, Any] | None]


@dataclass(frozen=True, slots=True)
class Panel:
    """A part of a page at ``place``: ``read`` gives, for a person and what the page is about, what its template shows.

    None leaves the panel out.
    """

    place: str
    template: str
    read: Read
    order: int = 0


@dataclass(frozen=True, slots=True)
class Shown:
    """A panel with its content."""

    template: str
    content: Mapping[str, Any]


_PANELS: dict[tuple[str, str], Panel] = {}


def register(panel: Panel) -> None:
    """Let a room show a panel; called when the room is made ready."""
    _PANELS[panel.place, panel.template] = panel


def panels(place: str, user: Any, about: Any) -> Sequence[Shown]:
    """Give the panels of a place, in order, for what a page is about."""
    here = sorted((panel for panel in _PANELS.values() if panel.place == place), key=lambda panel: panel.order)
    read = [(panel.template, panel.read(user, about)) for panel in here]
    return [Shown(template, content) for template, content in read if content is not None]
