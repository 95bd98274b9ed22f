"""Every door of the house: all addresses of pages and API routes, and what stands behind them in these tests."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

NOBODY = uuid.UUID(int=0)


@dataclass(frozen=True, slots=True)
class Door:
    """One address: its pattern as a route, its name, and an example with every parameter filled in."""

    route: str
    name: str
    path: str
    verbs: tuple[str, ...] | None  # None: no page of ours, such as sign-in


def _patterns(resolver: URLResolver, before: str = "") -> Iterator[tuple[str, URLPattern]]:
    for entry in resolver.url_patterns:
        if isinstance(entry, URLResolver):
            yield from _patterns(entry, before + str(entry.pattern))
        else:
            yield before + str(entry.pattern), entry


def doors(things: Mapping[str, Any]) -> list[Door]:
    """Give all doors; ``things`` fills in parameters: by "url_name.parameter", else by "parameter"."""
    found = []
    for route, pattern in _patterns(get_resolver()):
        if route.startswith("^") or "(?P" in route:
            continue
        name = pattern.name or ""
        path = "/" + _filled(route, name, things)
        verbs = getattr(pattern.callback, "tocsin_verbs", None)
        found.append(Door(route, name, path, verbs))
    return found


def _filled(route: str, name: str, things: Mapping[str, Any]) -> str:
    import re

    def value(match: re.Match[str]) -> str:
        converter, parameter = match[1], match[2]
        fallback = {"int:": "1", "uuid:": str(NOBODY)}.get(converter, "nothing")
        return str(things.get(f"{name}.{parameter}", things.get(parameter, fallback)))

    return re.sub(r"<(\w+:)?(\w+)>", value, route)
