"""Find values in a record by paths such as ``case.client.customer_name``; lists on the way are gone through."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from tocsin.rooms.exchange.knowledge.peer import Take
from tocsin.rooms.exchange.knowledge.values import said

MOST = 50_000  # things in one record
OUT = "^"


def leaves(value: Any, path: str) -> Iterator[Any]:
    """Give what stands at a path, nothing empty; a key may hold dots itself, as headings of tables do."""
    if isinstance(value, list):
        for each in value:
            yield from leaves(each, path)
    elif not path:
        if value not in (None, "", [], {}):
            yield value
    elif isinstance(value, Mapping):
        if path in value:
            yield from leaves(value[path], "")
            return
        key, _dot, rest = path.partition(".")
        if key in value:
            yield from leaves(value[key], rest)


def take(record: Any, where: Take, outer: Any = None) -> list[Any]:
    """Give the values a declaration leads to: one at most for ``first`` and ``lines``."""

    def at(path: str) -> Iterator[Any]:
        return leaves(outer, path[1:]) if path.startswith(OUT) else leaves(record, path)

    if where.lines:
        return [text] if (text := "\n".join(filter(None, (_line(entry, at) for entry in where.lines)))) else []
    found = [value for path in where.all for value in at(path)][:MOST]
    if not where.all:
        found = next(([value] for path in where.first for value in at(path)), [])
    if where.match:
        matched = (re.match(where.match, str(value), re.DOTALL) for value in found)
        found = [match[1] for match in matched if match and match[1]]
    return found


def _line(entry: str, at: Any) -> str:
    label, equals, path = entry.rpartition("=")
    text = ", ".join(filter(None, (said(value) for value in at(path))))
    return f"{label}: {text}" if equals and text else text


def inner(record: Any, path: str, outer: Any = None) -> Iterator[tuple[Any, Any]]:
    """Give each thing of a list inside, with the thing it stands in: ``tasks.logs`` gives logs and their tasks."""
    if not path:
        things = record if isinstance(record, list) else [record]
        yield from ((each, outer) for each in things if isinstance(each, Mapping | str))
        return
    if isinstance(record, list):
        for each in record:
            yield from inner(each, path, outer)
    elif isinstance(record, Mapping):
        key, _dot, rest = path.partition(".")
        if record.get(key) is not None:
            yield from inner(record[key], rest, record)
