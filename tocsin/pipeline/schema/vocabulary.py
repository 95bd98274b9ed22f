"""The columns an event may have, and the roles that are attributed by them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any, Literal, get_args

import yaml

ColumnType = Literal["keyword", "text", "ip", "long", "date", "boolean"]


@dataclass(frozen=True, slots=True)
class Column:
    """Name a column, its type, its meaning in one line, and the roles attributed by it."""

    name: str
    type: ColumnType
    meaning: str
    roles: tuple[str, ...] = ()


class VocabularyError(ValueError):
    """The vocabulary file is not usable; the message says where."""


@cache
def vocabulary() -> Mapping[str, Column]:
    """Give every column by its name, in the order of the file."""
    document = _document()
    return MappingProxyType({name: _column(name, entry) for name, entry in document["columns"].items()})


@cache
def roles() -> Mapping[str, Mapping[str, str]]:
    """Give, for each role, the column of each kind of look-up: ``{"source": {"ip": "source.ip"}}``."""
    known = _document()["columns"]
    for role, lookups in _document()["roles"].items():
        for column in lookups.values():
            if column not in known:
                raise VocabularyError(f"vocabulary.yaml: role {role} names the unknown column {column}")
    return MappingProxyType({role: MappingProxyType(lookups) for role, lookups in _document()["roles"].items()})


def _column(name: str, entry: Mapping[str, str]) -> Column:
    if entry["type"] not in get_args(ColumnType):
        raise VocabularyError(f"vocabulary.yaml: column {name} has the unknown type {entry['type']}")
    played = tuple(role for role, lookups in roles().items() if name in lookups.values())
    return Column(name, entry["type"], entry["meaning"], played)  # type: ignore[arg-type]  # checked just above


@cache
def _document() -> dict[str, Any]:
    text = files(__package__).joinpath("vocabulary.yaml").read_text(encoding="utf-8")
    document: dict[str, Any] = yaml.safe_load(text)
    return document
