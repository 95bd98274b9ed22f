"""What the room knows as data: the kinds of notices and the routes to those who are told."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from tocsin.platform.access import roles_known

FILE = Path(__file__).with_name("routes.yaml")
TEXTS = Path(__file__).with_name("texts.yaml")
SATURDAY = 5
MESSAGE = "message"  # the kind of what one writes to somebody about a matter, outside any notice to many


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
    also: tuple[Literal["sms"], ...] = ()


class Kind(Entry):
    """A kind of notice: its names, the answer that settles it, whether one must take it, whether it asks for one."""

    en: str
    fr: str
    settled: Literal["acknowledged", "done"]
    duty: bool = True
    asks: bool = True


class Rung(Entry):
    """Who is told while nobody answers, and when: ``at`` is a share of the time until the answer is due."""

    at: float = Field(gt=0, le=10)
    to: tuple[str, ...] = ()
    also: tuple[Literal["sms"], ...] = ()


class Text(Entry):
    """What is written in one language: ``{title}`` stands for the title of the notice."""

    subject: str = Field(min_length=1)
    text: str = Field(min_length=1)


class Routes(Entry):
    """The whole file."""

    kinds: Mapping[str, Kind]
    office: Office
    fallback: Mapping[str, tuple[str, ...]] = {}
    due: tuple[Annotated[int, Field(ge=1, le=10_000)], ...] = Field(min_length=6, max_length=6)
    ladder: tuple[Rung, ...] = ()
    by_itself: Mapping[str, Annotated[str, Field(min_length=1)]] = {}
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


@cache
def texts() -> Mapping[str, Mapping[str, Text]]:
    """Give the texts of every kind, by language."""
    read = yaml.safe_load(TEXTS.read_text(encoding="utf-8"))
    return TypeAdapter(dict[str, dict[str, Text]]).validate_python(read)


def written(kind: str, title: str) -> dict[str, dict[str, str]]:
    """Give what is told when nobody writes anything else: subject and text by language."""
    return {
        language: {"subject": text.subject.replace("{title}", title), "text": _unfolded(text.text)}
        for language, text in texts()[kind].items()
    }


def _unfolded(text: str) -> str:
    """Give each paragraph as one line, for the reader's own program to break."""
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in text.strip().split("\n\n"))


def kind_name(kind: str, language: str) -> str:
    """Give a kind in words."""
    names = routes().kinds.get(kind)
    return kind if names is None else names.fr if language == "fr" else names.en


def settles(kind: str, state: str) -> bool:
    """Tell whether an answer ends the matter for its organisation."""
    if state in {"done", "not_applicable"}:
        return True
    known = routes().kinds.get(kind)
    return known is not None and known.settled == "acknowledged" and state in {"acknowledged", "planned"}


def may_decline(kind: str) -> bool:
    """Tell whether recipients may ask not to be told of a kind any more (List-Unsubscribe, RFC 2369)."""
    known = routes().kinds.get(kind)
    return known is not None and not known.duty


def asks(kind: str) -> bool:
    """Tell whether notices of a kind are followed until they are answered."""
    known = routes().kinds.get(kind)
    return known is None or known.asks


def due_hours(severity: int) -> int:
    """Give how many hours there are to answer."""
    return routes().due[severity]


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
        raise RoutesError(f"{path}:{line_of(node, first['loc'])}: {first['msg']}") from error
    for place, given, names in _named(known):
        for unknown in sorted(set(given) - set(names)):
            raise RoutesError(f"{path}:{line_of(node, place)}: {unknown!r} is unknown")
    for number, (lower, upper) in enumerate(pairwise(known.ladder), start=1):
        if upper.at <= lower.at:
            raise RoutesError(f"{path}:{line_of(node, ('ladder', number))}: a rung must come after the one before it")
    return known


def _named(known: Routes) -> Iterator[tuple[tuple[str | int, ...], Iterable[str], Collection[str]]]:
    """Give every place that names kinds or roles, what it names, and what there is."""
    for number, route in enumerate(known.routes):
        yield ("routes", number, "kinds"), route.kinds, known.kinds
        yield ("routes", number, "to"), route.to, roles_known()
    yield (
        ("fallback",),
        (*known.fallback, *(role for roles in known.fallback.values() for role in roles)),
        roles_known(),
    )
    for number, rung in enumerate(known.ladder):
        yield ("ladder", number, "to"), rung.to, roles_known()
    yield ("by_itself",), known.by_itself, known.kinds


def line_of(node: Any, place: Sequence[Any]) -> int:
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
