"""A YAML file as plain values that remember their lines."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

Place = tuple[str | int, ...]
NULL = "tag:yaml.org,2002:null"


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing that is wrong, and the line where it stands."""

    line: int
    message: str


class ChartError(Exception):
    """The chart cannot be used; the text has one line ``file:line: message`` for each problem."""

    def __init__(self, path: Path, problems: list[Problem]) -> None:
        self.path = path
        self.problems = sorted(set(problems))
        super().__init__("\n".join(f"{path}:{problem.line}: {problem.message}" for problem in self.problems))


@dataclass(slots=True)
class Document:
    """The content of a file; every scalar stays text, so that NO is Norway and 1.10 no number."""

    content: Any
    lines: dict[Place, int]
    problems: list[Problem] = field(default_factory=list)

    def line(self, place: Place) -> int:
        """Give the line of a place, or of the nearest one around it."""
        while place not in self.lines:
            place = place[:-1]
        return self.lines[place]


def read_document(path: Path) -> Document:
    """Read a YAML file; raise ChartError when it is none."""
    try:
        if path.exists() and not (path.is_file() or path.is_dir()):
            raise ChartError(path, [Problem(1, "cannot be read: it is no file")])
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise ChartError(path, [Problem(line, "this is not UTF-8; save the file as UTF-8")]) from error
    except OSError as error:
        raise ChartError(path, [Problem(1, f"cannot be read: {error.strerror}")]) from error
    try:
        node = yaml.compose(text, Loader=yaml.CSafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise ChartError(path, [Problem(mark.line + 1 if mark else 1, f"not YAML: {error.problem}")]) from error
    except yaml.YAMLError as error:
        raise ChartError(path, [Problem(1, f"not YAML: {error}")]) from error
    return _Walk().document(node)


class _Walk:
    """Turns YAML nodes into plain values, and notes repeated keys and aliases."""

    def __init__(self) -> None:
        self.lines: dict[Place, int] = {(): 1}
        self.problems: list[Problem] = []
        self._seen: set[int] = set()

    def document(self, node: yaml.Node | None) -> Document:
        content = None if node is None else self._value(node, ())
        return Document(content, self.lines, self.problems)

    def _value(self, node: yaml.Node, place: Place) -> Any:
        self.lines[place] = node.start_mark.line + 1
        if id(node) in self._seen:
            self._note(node, "aliases (*name) are not understood here; write the value out")
            return None
        self._seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
            return dict(self._entries(node, place))
        if isinstance(node, yaml.SequenceNode):
            return [self._value(item, (*place, number)) for number, item in enumerate(node.value)]
        return None if node.tag == NULL else node.value

    def _entries(self, node: yaml.MappingNode, place: Place) -> Iterator[tuple[str, Any]]:
        keys: set[str] = set()
        for key, value in node.value:
            name = str(key.value)
            if name in keys:
                self._note(key, f"'{name}' stands here twice")
            keys.add(name)
            yield name, self._value(value, (*place, name))
            self.lines[*place, name] = key.start_mark.line + 1

    def _note(self, node: yaml.Node, message: str) -> None:
        self.problems.append(Problem(node.start_mark.line + 1, message))
