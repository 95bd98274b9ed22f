"""What the room knows as data: the kinds of notices and the routes to those who are told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tocsin.platform.access import roles_known

FILE = Path(__file__).with_name("routes.yaml")
SATURDAY = 5


class RoutesError(Exception):
    """The file of routes is broken; the message names file, line and what to mend."""


class Entry(BaseModel):
    """Refuses keys it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Office(Entry):
    """Between which hours somebody is in the office."""

    start: int = Field(alias="from", ge=0, le=23)
    end: int = Field(alias="to", ge=1, le=24)


class Route(Entry):
    """Who is told when it fits. An empty condition fits everything."""

    name: str = Field(min_length=1, max_length=80)
    kinds: tuple[str, ...] = ()
    severity: int = Field(0, ge=0, le=5)
    organisations: tuple[str, ...] = ()
    hours: Literal["", "office", "closed"] = ""
    to: tuple[str, ...] = Field(min_length=1)


class Routes(Entry):
    """The whole file."""

    kinds: Mapping[str, Mapping[str, str]]
    office: Office
    fallback: tuple[str, ...] = ()
    routes: tuple[Route, ...] = Field(min_length=1)


@dataclass(frozen=True, slots=True)
class Case:
    """What is to be told, and where: ``lineage`` are the codes of the organisation and of those above it."""

    kind: str
    severity: int
    lineage: frozenset[str]
    at: datetime
    timezone: str = "UTC"


@cache
def routes() -> Routes:
    """Give the routes of this installation."""
    return load(FILE)


def kind_name(kind: str, language: str) -> str:
    """Give a kind in words."""
    names = routes().kinds.get(kind, {})
    return names.get(language) or names.get("en", kind)


def route_for(case: Case, known: Routes | None = None) -> Route | None:
    """Give the first route that fits."""
    known = known or routes()
    return next((route for route in known.routes if _fits(route, case, known.office)), None)


def _fits(route: Route, case: Case, office: Office) -> bool:
    if route.kinds and case.kind not in route.kinds:
        return False
    if case.severity < route.severity:
        return False
    if route.organisations and not case.lineage.intersection(route.organisations):
        return False
    return not route.hours or route.hours == ("office" if in_office(case, office) else "closed")


def in_office(case: Case, office: Office) -> bool:
    """Tell whether somebody is in the office there and then; a time zone nobody knows counts as UTC."""
    try:
        zone = ZoneInfo(case.timezone)
    except (KeyError, ValueError, OSError):
        zone = ZoneInfo("UTC")
    local = case.at.astimezone(zone)
    return local.weekday() < SATURDAY and office.start <= local.hour < office.end


def load(path: Path) -> Routes:
    """Read and check a file of routes."""
    text = path.read_text(encoding="utf-8")
    try:
        node, content = yaml.compose(text), yaml.safe_load(text)
        known = Routes.model_validate(content)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise RoutesError(f"{path}:{line}: {error.problem}") from error
    except ValidationError as error:
        first = error.errors()[0]
        raise RoutesError(f"{path}:{_line(node, first['loc'])}: {first['msg']}") from error
    for number, route in enumerate(known.routes):
        for field, given, names in (("kinds", route.kinds, known.kinds), ("to", route.to, roles_known())):
            for unknown in sorted(set(given) - set(names)):
                raise RoutesError(f"{path}:{_line(node, ('routes', number, field))}: {unknown!r} is unknown")
    return known


def _line(node: Any, place: Sequence[Any]) -> int:
    """Give the line of a place in the file, or of the nearest one around it."""
    line = 1
    for step in place:
        if node is None:
            break
        line = node.start_mark.line + 1
        if isinstance(node, yaml.MappingNode):
            found = next(((key, value) for key, value in node.value if key.value == step), None)
            node = found[1] if found else None
            line = found[0].start_mark.line + 1 if found else line
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
            node = node.value[step]
            line = node.start_mark.line + 1
    return line
