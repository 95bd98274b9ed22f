"""The tabs of an incident: each a page of its own, from this room or one above."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.utils.functional import Promise

from tocsin.rooms.incidents.queries.view import View


def _handler(view: View) -> bool:
    return view.handler


@dataclass(frozen=True, slots=True)
class Tab:
    """A page about an incident at ``url_name`` (which takes its ``uuid``), for whoever ``shown`` says of."""

    name: str
    label: str | Promise
    url_name: str
    order: int
    shown: Callable[[View], bool] = _handler


_TABS: dict[str, Tab] = {}


def register_tab(tab: Tab) -> None:
    """Let a room show a tab on every incident; called when the room is made ready."""
    _TABS[tab.name] = tab


def tabs(view: View) -> list[Tab]:
    """Give the tabs a person has on an incident, in order; no query."""
    return [tab for tab in sorted(_TABS.values(), key=lambda tab: tab.order) if tab.shown(view)]
