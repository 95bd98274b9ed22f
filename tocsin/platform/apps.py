"""The platform as a Django app, and what a room tells about itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from django.apps import AppConfig
from django.utils.functional import Promise


@dataclass(frozen=True, slots=True)
class MenuEntry:
    """One line of the menu: shown to whoever holds one of ``verbs`` (all, when there are none)."""

    title: str | Promise
    url_name: str
    order: int
    verbs: tuple[str, ...] = ()


class RoomConfig(AppConfig):
    """A room: the platform finds its ``urls``, ``api`` and ``jobs`` modules and its menu entries.

    ``checks`` are the paths of functions by which `tocsin doctor` looks at what the room knows.
    """

    default = False
    default_auto_field = "django.db.models.BigAutoField"
    menu: ClassVar[tuple[MenuEntry, ...]] = ()
    checks: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls) -> None:
        cls.default = True  # else Django, finding this class imported beside the room's own, takes neither


class PlatformConfig(AppConfig):
    """What every room stands on."""

    name = "tocsin.platform"
    label = "platform"
    default_auto_field = "django.db.models.BigAutoField"
