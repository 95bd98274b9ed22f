"""Write a raw record so that people can read it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

DEEPEST = 12
MOST_FACTS = 500


@dataclass(frozen=True, slots=True)
class Pretty:
    """A raw record as text and, when it is a JSON object, as names and values."""

    text: str
    facts: tuple[tuple[str, str], ...] = ()


def pretty(raw: bytes) -> Pretty:
    """Write a raw record; what is no text shows as escapes."""
    text = raw.decode("utf-8", errors="backslashreplace").replace("\0", "\\x00")
    try:
        read = json.loads(text)
    except (ValueError, RecursionError):
        return Pretty(text)
    if not isinstance(read, dict):
        return Pretty(text)
    return Pretty(text, tuple(_first(_facts("", read, DEEPEST))))


def _first(facts: Iterator[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    for _, fact in zip(range(MOST_FACTS), facts, strict=False):
        yield fact


def _facts(name: str, value: Any, depth: int) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict) and value and depth:
        for key, inner in value.items():
            yield from _facts(f"{name}.{key}" if name else str(key), inner, depth - 1)
    elif isinstance(value, str):
        yield name, value
    else:
        yield name, json.dumps(value, ensure_ascii=False)
