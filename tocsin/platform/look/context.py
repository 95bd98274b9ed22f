"""What every page needs beside its own content."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.apps import apps
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise, SimpleLazyObject

from tocsin.platform.access import Scope, scope_of
from tocsin.platform.apps import MenuEntry, RoomConfig

THEMES = ("auto", "light", "dark")


@dataclass(frozen=True, slots=True)
class MenuLine:
    """One entry as shown to one person on one page."""

    title: str | Promise
    url: str
    current: bool


def page(request: HttpRequest) -> dict[str, object]:
    """Give the menu of the rooms this person may enter, their theme and their time zone."""
    person = request.user if hasattr(request, "user") else None
    theme = getattr(person, "theme", "auto")
    return {
        "menu": SimpleLazyObject(lambda: menu_of(request)),  # fragments never ask for it
        "theme": theme if theme in THEMES else "auto",
        "zone": zone(getattr(person, "timezone", "UTC")),
    }


def menu_of(request: HttpRequest) -> Sequence[MenuLine]:
    """Give the lines of the menu for this request."""
    if not hasattr(request, "user") or not request.user.is_authenticated:
        return []
    lines = [(entry.title, reverse(entry.url_name)) for entry in _allowed(scope_of(request.user))]
    here = max((url for _, url in lines if _within(request.path, url)), key=len, default="")
    return [MenuLine(title, url, url == here) for title, url in lines]


def zone(name: str) -> ZoneInfo | None:
    """Give a time zone to show beside UTC; none for UTC itself or a name nobody knows."""
    if name in {"", "UTC"}:
        return None
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return None


def _within(path: str, url: str) -> bool:
    return path == url or (url != "/" and path.startswith(url))


def _entries() -> Iterator[MenuEntry]:
    for room in apps.get_app_configs():
        if isinstance(room, RoomConfig):
            yield from room.menu


def _allowed(scope: Scope) -> list[MenuEntry]:
    allowed = (e for e in _entries() if not e.verbs or any(scope.allows(verb) for verb in e.verbs))
    return sorted(allowed, key=lambda entry: entry.order)
