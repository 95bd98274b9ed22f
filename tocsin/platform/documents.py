"""Files that people write, read into a shape: every problem of a file is found at once, with file and line."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

from tocsin.charts.document import ChartError, Document, Place, Problem, read_document

LARGEST = 1_000_000  # bytes; nobody writes such a file by hand


class BrokenFile(Exception):
    """A file cannot be used; the text has one line ``file:line: message`` for each problem."""

    def __init__(self, path: Path, problems: Iterable[Problem]) -> None:
        self.problems = sorted(set(problems))
        super().__init__("\n".join(f"{path}:{problem.line}: {problem.message}" for problem in self.problems))


class Entry(BaseModel):
    """A part of a file; keys that it does not know are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


Shape = TypeVar("Shape", bound=BaseModel)


def read(path: Path, shape: type[Shape]) -> tuple[Shape, Document]:
    """Read a YAML file as ``shape``; give it with what remembers its lines. BrokenFile names all that is wrong."""
    try:
        if path.is_file() and path.stat().st_size > LARGEST:
            raise BrokenFile(path, [Problem(1, f"larger than {LARGEST:,} bytes")])
        document = read_document(path)
    except ChartError as error:
        raise BrokenFile(path, error.problems) from error
    if document.problems:
        raise BrokenFile(path, document.problems)
    try:
        return shape.model_validate(document.content), document
    except ValidationError as error:
        found = _innermost(error.errors())
        raise BrokenFile(path, [Problem(document.line(_place(each)), _message(each)) for each in found]) from error


def _innermost(found: list[ErrorDetails]) -> list[ErrorDetails]:
    """Leave out what only follows from something inside: a list whose entries are wrong counts as empty, too."""
    places = [each["loc"] for each in found]
    return [each for each in found if not any(each["loc"] == p[: len(each["loc"])] != p for p in places)]


def _place(details: ErrorDetails) -> Place:
    return tuple(step for step in details["loc"] if step != "[key]")


def _message(details: ErrorDetails) -> str:
    place = ".".join(map(str, details["loc"]))
    said = str(details.get("ctx", {}).get("error", "")) or details["msg"]
    return f"{place}: {said}" if place else said
