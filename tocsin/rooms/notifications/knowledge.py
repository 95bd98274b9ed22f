"""Kinds of notifications as data, and the sources of what they are about; every room registers its own.

A kind's texts and who gets it by which way stand in the room's ``notifications.yaml``. A source says what of it a
person may see: it is asked again whenever a line is shown, counted or sent.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from django.db.models import Model, QuerySet
from django.utils.translation import get_language
from pydantic import Field

from tocsin.charts.document import Problem
from tocsin.platform.access import roles_known
from tocsin.platform.documents import BrokenFile, Entry, read

EVERYONE = "everyone"
WAYS = ("page", "mail", "webhook")
Roles = tuple[str, ...]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z_]{1,39}$")]


class Says(Entry):
    """One text in the languages of the house."""

    en: str = Field(min_length=1, max_length=120)
    fr: str = Field(min_length=1, max_length=120)


class Kind(Entry):
    """One kind: what it says, and the roles that get it by which way unless a person chose otherwise."""

    about: Name
    says: Says
    page: Roles = (EVERYONE,)
    mail: Roles = ()
    webhook: Roles = ()

    def __str__(self) -> str:
        return self.says.fr if (get_language() or "").startswith("fr") else self.says.en

    def defaults(self, roles: Collection[str]) -> Mapping[str, bool]:
        """Give by which ways somebody with these roles gets it who chose nothing."""
        held = {EVERYONE, *roles}
        return {way: not held.isdisjoint(getattr(self, way)) for way in WAYS}


class Kinds(Entry):
    """The whole file."""

    kinds: Mapping[Name, Kind] = Field(min_length=1)


@dataclass(frozen=True, slots=True)
class Shown:
    """What a line shows of the thing it is about: its reference for anybody who may know of it, its title, where it is.

    ``sealed`` things are named in no webhook.
    """

    reference: str
    title: str
    url: str
    sealed: bool = False


@dataclass(frozen=True, slots=True)
class Source:
    """Things that notifications are about: ``visible`` gives those a person may see, ``shown`` what a line shows."""

    name: str
    model: type[Model]
    visible: Callable[[Any], QuerySet[Any]]
    shown: Callable[[Any, Collection[int]], Mapping[int, Shown]]


_SOURCES: dict[str, Source] = {}
_KINDS: dict[str, Kind] = {}


def register(path: Path, *sources: Source) -> None:
    """Let a room raise the kinds of its file about things of these sources; called when the room is made ready."""
    loaded = load(path)
    for source in sources:
        _SOURCES[source.name] = source
    if strange := sorted({kind.about for kind in loaded.values()} - _SOURCES.keys()):
        raise ValueError(f"{path}: no source of things is called {', '.join(strange)}")
    _KINDS.update(loaded)


def load(path: Path) -> Mapping[str, Kind]:
    """Read and check a file of kinds; BrokenFile names file and line."""
    found, document = read(path, Kinds)
    known = roles_known() | {EVERYONE}
    for name, kind in found.kinds.items():
        for way in WAYS:
            if strange := sorted(set(getattr(kind, way)) - known):
                line = document.line(("kinds", name, way))
                raise BrokenFile(path, [Problem(line, f"kinds.{name}.{way}: no role: {', '.join(strange)}")])
    return found.kinds


def kinds() -> Mapping[str, Kind]:
    """Give all kinds by name, in the order in which the rooms registered them."""
    return _KINDS


def kind_of(name: str) -> Kind:
    """Give one kind; KeyError when no room registered it."""
    return _KINDS[name]


def sources() -> Mapping[str, Source]:
    """Give all sources by name."""
    return _SOURCES
