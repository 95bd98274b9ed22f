"""Read a list of indicators as people send it: defanged or not, one or several a line; say what cannot be read."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Literal, cast
from urllib.parse import urlsplit

from tocsin.pipeline.enrich.asset import product_name
from tocsin.pipeline.lake.search import COLUMNS, Sort
from tocsin.pipeline.observables import recognised

MOST = 10_000
LONGEST = 2_000
_MACHINE = re.compile(r"(?=.*[a-z])[a-z0-9][a-z0-9_-]{0,62}", re.IGNORECASE)
_BETWEEN = re.compile(r"[\s,;|\"']+")


Sorts = Sort | Literal["product"]


@dataclass(frozen=True, slots=True)
class Value:
    """One indicator: its sort and its one form."""

    sort: Sorts
    text: str


@dataclass(frozen=True, slots=True)
class Unread:
    """A part of the list that is no indicator, and where it stands."""

    line: int
    text: str


def read_values(text: str, products: Collection[str] = ()) -> tuple[tuple[Value, ...], tuple[Unread, ...]]:
    """Give the indicators in the order they come, each once, and what could not be read. ``#`` begins a remark.

    A line of its own is a product when it is one of ``products`` (`product_name`) or a CPE, and a single word there may
    be the name of a machine.
    """
    values: dict[Value, None] = {}
    unread: list[Unread] = []
    for number, line in enumerate(text.splitlines(), start=1):
        product = _product(line.partition("#")[0].strip(), products)
        if product is not None and len(values) < MOST:
            values[product] = None
            continue
        parts = list(_parts(line))
        for part in parts:
            value = _value(part) or (_machine(part) if len(parts) == 1 else None)
            if value is None or len(values) >= MOST:
                unread.append(Unread(number, part[:LONGEST]))
            else:
                values[value] = None
    return tuple(values), tuple(unread)


def _parts(line: str) -> Iterator[str]:
    return filter(None, _BETWEEN.split(line.partition("#")[0].strip()))


def _product(line: str, products: Collection[str]) -> Value | None:
    name = product_name(line)
    return Value("product", name) if name in products or line.lower().startswith("cpe:") else None


def _machine(part: str) -> Value | None:
    return Value("host", part.lower()) if _MACHINE.fullmatch(part) else None


def _value(part: str) -> Value | None:
    found = recognised(part)
    if found is not None and found.kind == "url":
        found = recognised(urlsplit(found.value).hostname or "")
    return Value(cast("Sort", found.kind), found.value) if found is not None and found.kind in COLUMNS else None
