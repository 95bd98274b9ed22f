"""What the room knows as data: the ladders that pages climb."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tocsin.charts.document import ChartError, read_document
from tocsin.rooms.rota.models import Line, Means

FILE = Path(__file__).with_name("ladders.yaml")
CISO = "ciso"
LINES: Mapping[str, Line] = {"first_line": Line.FIRST, "second_line": Line.SECOND, "team_lead": Line.LEAD}
DAY = 24 * 60


class LadderError(Exception):
    """The file of ladders is broken; the message names file, line and what to mend."""


class Entry(BaseModel):
    """Refuses keys it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Step(Entry):
    """Whom to call, how, and how many minutes after the page began."""

    after: int = Field(ge=0, le=DAY)
    to: tuple[Literal["first_line", "second_line", "team_lead", "ciso"], ...] = Field(min_length=1)
    by: tuple[Means, ...] = Field(min_length=1)


class Ladder(Entry):
    """The steps of a page that it fits; no teams: all."""

    name: str = Field(min_length=1, max_length=80)
    teams: tuple[str, ...] = ()
    severity: int = Field(0, ge=0, le=5)
    steps: tuple[Step, ...] = Field(min_length=1, max_length=20)
    unanswered: int = Field(ge=1, le=2 * DAY)


class Ladders(Entry):
    """The whole file."""

    ladders: tuple[Ladder, ...] = Field(min_length=1)


@cache
def ladders() -> tuple[Ladder, ...]:
    """Give the ladders of this installation."""
    return load(FILE)


def ladder_for(team: str, severity: int) -> Ladder:
    """Give the first ladder that fits a team (its code) and a severity; `load` sees to it that one always does."""
    return next(each for each in ladders() if severity >= each.severity and (not each.teams or team in each.teams))


def ladder_named(name: str, team: str, severity: int) -> Ladder:
    """Give the ladder a page began to climb; when the file has it no more, the one that fits now."""
    return next((each for each in ladders() if each.name == name), None) or ladder_for(team, severity)


def load(path: Path) -> tuple[Ladder, ...]:
    """Read and check a file of ladders; LadderError names file and line."""
    try:
        document = read_document(path)
    except ChartError as error:
        raise LadderError(str(error)) from error
    for problem in document.problems:
        raise LadderError(f"{path}:{problem.line}: {problem.message}")
    try:
        found = Ladders.model_validate(document.content).ladders
    except ValidationError as error:
        first = error.errors()[0]
        raise LadderError(f"{path}:{document.line(tuple(first['loc']))}: {first['msg']}") from error
    for number, ladder in enumerate(found):
        place = ("ladders", number)
        late = next((at for at, (one, two) in enumerate(pairwise(ladder.steps), 1) if two.after <= one.after), None)
        if late is not None:
            raise LadderError(
                f"{path}:{document.line((*place, 'steps', late))}: a step must come after the one before it"
            )
        if ladder.unanswered <= ladder.steps[-1].after:
            raise LadderError(f"{path}:{document.line((*place, 'unanswered'))}: it must come after the last step")
    if len({ladder.name for ladder in found}) < len(found):
        raise LadderError(f"{path}:{document.line(('ladders',))}: two ladders have one name")
    if found[-1].teams or found[-1].severity:
        raise LadderError(
            f"{path}:{document.line(('ladders', len(found) - 1))}: the last ladder must fit every team and severity"
        )
    return found
