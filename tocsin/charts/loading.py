"""Load a chart; every problem of a file is found at once, with its line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from tocsin.charts.checks import Draft, check
from tocsin.charts.document import ChartError, Document, Place, Problem, read_document
from tocsin.charts.schema import (
    Chart,
    Contact,
    Entry,
    Membership,
    Meta,
    Organisation,
    Person,
    Service,
    Team,
)

SECTIONS: Mapping[str, type[Entry]] = {
    "services": Service,
    "organisations": Organisation,
    "teams": Team,
    "people": Person,
    "memberships": Membership,
    "contacts": Contact,
}
AnyEntry = TypeVar("AnyEntry", bound=Entry)


@dataclass(frozen=True, slots=True)
class LoadedChart:
    """A chart, and where in its file each entry stands."""

    path: Path
    chart: Chart
    document: Document = field(repr=False)

    def line_of(self, organisation: str) -> int:
        """Give the line on which an organisation stands."""
        codes = [item.code for item in self.chart.organisations]
        return self.document.line(("organisations", codes.index(organisation)))


def names() -> list[str]:
    """List the charts that come with the house."""
    return sorted(path.stem for path in Path(__file__).parent.glob("*.yaml"))


def chart_named(name: str) -> Path:
    """Find a chart by the name it is bundled under, or by its path."""
    bundled = Path(__file__).parent / f"{name}.yaml"
    return bundled if name in names() else Path(name)


def load(path: Path) -> Chart:
    """Load a chart; raise ChartError with all its problems when there are any."""
    return load_with_lines(path).chart


def load_with_lines(path: Path) -> LoadedChart:
    """Load a chart and keep the lines of its entries."""
    document = read_document(path)
    reader = _Reader(document)
    chart = reader.read()
    problems = [*document.problems, *reader.problems]
    if problems or chart is None:
        raise ChartError(path, problems)
    return LoadedChart(path, chart, document)


class _Reader:
    """Validates entry by entry, so that one bad entry does not hide the problems of the others."""

    def __init__(self, document: Document) -> None:
        self.problems: list[Problem] = []
        self._document = document

    def read(self) -> Chart | None:
        content = self._document.content
        if not isinstance(content, dict):
            self._note((), "a chart starts with its sections: meta, organisations, teams, ...")
            return None
        for key in content.keys() - {"meta", *SECTIONS}:
            self._note((key,), f"'{key}' is no section of a chart; the sections are meta, {', '.join(SECTIONS)}")
        meta = self._meta(content.get("meta"))
        draft = Draft({name: dict(self._section(name, shape)) for name, shape in SECTIONS.items()}, content)
        for place, message in check(draft):
            self._note(place, message)
        if self.problems or meta is None:
            return None
        return Chart.model_validate({"meta": meta, **{name: draft.entries(name) for name in SECTIONS}})

    def _meta(self, raw: Any) -> Meta | None:
        if raw is None:
            self._note((), "'meta' is missing; write meta: {name: ..., version: ...}")
            return None
        return self._entry(Meta, raw, ("meta",))

    def _section(self, name: str, shape: type[AnyEntry]) -> Iterator[tuple[int, AnyEntry]]:
        listed = self._document.content.get(name)
        if not isinstance(listed, list | None):
            self._note((name,), f"'{name}' must be a list: one '- ' for each entry")
            return
        for number, raw in enumerate(listed or []):
            entry = self._entry(shape, raw, (name, number))
            if entry is not None:
                yield number, entry

    def _entry(self, shape: type[AnyEntry], raw: Any, place: Place) -> AnyEntry | None:
        try:
            return shape.model_validate(raw)
        except ValidationError as error:
            for details in error.errors():
                self._note((*place, *details["loc"]), _message(details))
            return None

    def _note(self, place: Place, message: str) -> None:
        self.problems.append(Problem(self._document.line(place), message))


def _message(details: ErrorDetails) -> str:
    """Say in our words what pydantic found."""
    name = next((part for part in reversed(details["loc"]) if isinstance(part, str)), "entry")
    if details["input"] is None:
        return f"'{name}' is empty"
    match details["type"]:
        case "missing":
            return f"'{name}' is missing"
        case "extra_forbidden":
            return f"'{name}' is not known here"
        case "string_pattern_mismatch":
            return f"'{details['input']}' is not a well-formed {name}"
        case "value_error":
            return str(details["ctx"]["error"])
        case "enum" | "literal_error":
            return f"'{details['input']}' is no {name}; write {details['ctx']['expected']}"
        case "model_type" | "model_attributes_type":
            return f"this {name} must be made of 'key: value' lines"
    return f"{name}: {details['msg']}"
