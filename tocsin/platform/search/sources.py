"""What rooms let people find."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db.models import Model
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.module_loading import import_string, module_has_submodule

LONGEST = 200_000  # characters of one document that are searched


@dataclass(frozen=True, slots=True)
class Document:
    """One text about a thing of a source, with its readers' tokens (letters and digits only; any one opens it).

    ``part`` tells apart the texts about one thing; ``kind`` is one of the source's kinds; ``places`` are the inner ids
    of the organisations it is about.
    """

    thing: int
    part: str
    kind: str
    at: datetime
    readers: frozenset[str]
    title: str = ""
    text: str = ""
    places: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Found:
    """A thing as a list of results shows it; ``page`` is the name of its page, which takes its ``uuid``."""

    title: str
    page: str
    uuid: UUID
    reference: str = ""
    state: str = ""
    severity: int | None = None
    tlp: str = ""

    @property
    def url(self) -> str:
        """Give its address; made for the few that are shown."""
        return reverse(self.page, args=[self.uuid])


@dataclass(frozen=True, slots=True)
class Watch:
    """Rows whose change means that a thing is to be read anew.

    ``fields`` are columns; ``thing`` is SQL for the thing's inner id, with ``{row}`` for the row that changed.
    """

    model: type[Model]
    fields: tuple[str, ...]
    thing: str = "{row}.id"


@dataclass(frozen=True, slots=True)
class Source:
    """One sort of thing that can be found.

    ``documents`` gives the texts of things by their inner ids, in a few queries; ``readers`` the tokens of a person;
    ``visible`` the things, of those asked, that the person may see, in one query or two. A source of very many things
    also gives the inner ids alone, which is asked of all that match; the rest is read of the few that are shown.
    """

    name: str
    model: type[Model]
    kinds: Mapping[str, str | Promise]
    watches: tuple[Watch, ...]
    documents: Callable[[Collection[int]], Iterable[Document]]
    readers: Callable[[Any], Collection[str]]
    visible: Callable[[Any, Collection[int]], Mapping[int, Found]]
    visible_ids: Callable[[Any, Collection[int]], Collection[int]] | None = None

    def ids(self, user: Any, things: Collection[int]) -> Collection[int]:
        """Give the inner ids of those ``things`` that the person may see."""
        return (self.visible_ids or self.visible)(user, things)


@cache
def all_sources() -> Mapping[str, Source]:
    """Give the sources of every room by name."""
    rooms = (app for app in apps.get_app_configs() if app.name.startswith("tocsin.rooms."))
    found = (
        import_string(f"{room.name}.search.SOURCES") for room in rooms if module_has_submodule(room.module, "search")
    )
    return {source.name: source for sources in found for source in sources}


def kinds() -> Mapping[str, str | Promise]:
    """Give every kind of document with its name, in the order of the rooms."""
    return {kind: name for source in all_sources().values() for kind, name in source.kinds.items()}
