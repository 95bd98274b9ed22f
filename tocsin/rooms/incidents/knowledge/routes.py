"""The routes of hand-offs as data: who hands what of an incident to whom, how long they have, to whom it rises."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from django.utils.translation import get_language
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from tocsin.platform.access import roles_known

FILE = Path(__file__).parent.parent / "handoffs.yaml"
GENERAL = "H00"  # the route of an incident from any team to any other
UNITS = {"min": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}
Held = Literal["summary", "observables", "tasks", "alerts"]


class RoutesError(Exception):
    """The file of routes is broken; the message names file, line and what to mend."""


def span(text: object) -> timedelta:
    """Read a length of time: ``30 min``, ``4 h``, ``2 d``."""
    found = re.fullmatch(r"([1-9]\d{0,3}) (min|h|d)", text) if isinstance(text, str) else None
    if found is None:
        raise ValueError(f"{text!r} is no length of time; write 30 min, 4 h or 2 d")
    return int(found[1]) * UNITS[found[2]]


Span = Annotated[timedelta, BeforeValidator(span)]


class Entry(BaseModel):
    """Refuses keys it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Words(Entry):
    """Something in words, in both languages."""

    en: str = Field(min_length=1, max_length=200)
    fr: str = Field(min_length=1, max_length=200)

    def __str__(self) -> str:
        return self.fr if get_language() == "fr" else self.en


class Side(Entry):
    """One end of a route: teams that offer a service, every team, or who holds a role at an organisation concerned."""

    services: tuple[Annotated[str, Field(pattern=r"^[a-z_]+$")], ...] = ()
    roles: tuple[str, ...] = ()
    any_team: bool = False
    first: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if sum(map(bool, (self.services, self.roles, self.any_team))) != 1:
            raise ValueError("name either services, or roles, or any_team")
        if self.first and not self.any_team:
            raise ValueError("only of any_team some come first")
        return self

    @property
    def teams(self) -> bool:
        """Tell whether teams stand here, and not organisations."""
        return not self.roles

    def fits(self, services: Sequence[str]) -> bool:
        """Tell whether a team with these services stands here."""
        return self.any_team or bool(set(self.services) & set(services))

    def place(self, services: Sequence[str]) -> int:
        """Give how much what is asked for here is a team's own trade: 0 when it is the first of its services."""
        wanted = self.services or self.first
        return next((place for place, service in enumerate(services) if service in wanted), len(services))


class Route(Entry):
    """One way by which something of an incident goes from one side to another."""

    id: str = Field(pattern=r"^H\d\d$")
    object: str = Field(pattern=r"^[a-z_]{1,40}$")
    name: Words
    trigger: Words
    sender: Side = Field(alias="from")
    receiver: Side = Field(alias="to")
    moves: bool = False
    holds: tuple[Held, ...] = ()
    answer_within: Span
    escalate: str
    basis: str = Field(min_length=1, max_length=200)

    @model_validator(mode="after")
    def _teams_alone_own(self) -> Self:
        if self.moves and not (self.sender.teams and self.receiver.teams):
            raise ValueError("an incident moves between teams only")
        if not (self.sender.teams or self.receiver.teams):
            raise ValueError("one end must be a team")
        return self


class Rising(Entry):
    """When an incident without somebody who answers for it rises, and to whom."""

    to: str
    without_owner: Span
    without_team: Span


class Routes(Entry):
    """The whole file."""

    rise: Rising
    routes: tuple[Route, ...] = Field(min_length=1)

    @property
    def by_id(self) -> Mapping[str, Route]:
        """Give the routes by their number."""
        return {route.id: route for route in self.routes}


@cache
def known() -> Routes:
    """Give the routes of this installation."""
    return load(FILE)


def routes() -> Sequence[Route]:
    """Give all routes in the order of the file."""
    return known().routes


def route(number: str) -> Route | None:
    """Give one route; None when the file does not have it (any more)."""
    return known().by_id.get(number)


def mover(sender: Sequence[str], receiver: Sequence[str]) -> Route:
    """Give the route by which an incident moves between teams with these services: the first made for them."""
    made = (each for each in routes() if each.moves and each.id != GENERAL)
    fitting = (each for each in made if each.sender.fits(sender) and each.receiver.fits(receiver))
    return next(fitting, known().by_id[GENERAL])


def name_of(number: str) -> str:
    """Give what is handed over by a route, in the reader's language; its number when the file has it no more."""
    found = route(number)
    return number if found is None else str(found.name)


def load(path: Path) -> Routes:
    """Read and check a file of routes."""
    text = path.read_text(encoding="utf-8")
    try:
        node, content = yaml.compose(text), yaml.safe_load(text)
        found = Routes.model_validate(content)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise RoutesError(f"{path}:{line}: {error.problem}") from error
    except ValidationError as error:
        first = error.errors()[0]
        raise RoutesError(f"{path}:{_line(node, first['loc'])}: {first['msg']}") from error
    _check(path, node, found)
    return found


def _check(path: Path, node: Any, found: Routes) -> None:
    """Refuse numbers given twice, roles nobody can hold, and a file without the general route."""
    seen: set[str] = set()
    for place, each in enumerate(found.routes):
        if each.id in seen:
            raise RoutesError(f"{path}:{_line(node, ('routes', place, 'id'))}: {each.id} stands here twice")
        seen.add(each.id)
        named = {"from": each.sender.roles, "to": each.receiver.roles, "escalate": (each.escalate,)}
        for key, roles in named.items():
            for role in set(roles) - roles_known():
                raise RoutesError(f"{path}:{_line(node, ('routes', place, key))}: the role {role!r} is unknown")
    if found.rise.to not in roles_known():
        raise RoutesError(f"{path}:{_line(node, ('rise', 'to'))}: the role {found.rise.to!r} is unknown")
    general = found.by_id.get(GENERAL)
    if general is None or not (general.moves and general.sender.any_team and general.receiver.any_team):
        raise RoutesError(f"{path}:1: {GENERAL} must move an incident from any team to any team")


def _line(node: Any, place: Sequence[Any]) -> int:
    """Give the line of a place in the file, or of the nearest one around it."""
    line = 1
    for step in place:
        found = None
        if isinstance(node, yaml.MappingNode):
            found = next(((key, value) for key, value in node.value if key.value == step), None)
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
            found = (node.value[step], node.value[step])
        if found is None:
            break
        line, node = found[0].start_mark.line + 1, found[1]
    return line
