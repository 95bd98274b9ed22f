"""The states of an alert and the steps between them, read from `states.yaml`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from tocsin.platform.access import all_verbs
from tocsin.rooms.alerts.models import Alert

FILE = Path(__file__).with_name("states.yaml")
KEYS = {"from", "to", "verb", "reason", "disposes"}


class MachineError(Exception):
    """The state machine file is broken; the message names the line."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that may happen to an alert."""

    name: str
    sources: frozenset[str]
    target: str
    verb: str
    needs_reason: bool = False
    disposes: bool = False

    @property
    def label(self) -> str:
        """Give the name of the state it leads to."""
        return str(Alert.State(self.target).label)

    @property
    def closes(self) -> bool:
        """Tell whether the alert leaves the queue with it."""
        return self.target not in Alert.OPEN


@cache
def steps() -> Mapping[str, Step]:
    """Give every step by its name."""
    return load(FILE)


def possible(state: str) -> tuple[Step, ...]:
    """Give the steps that lead on from ``state``."""
    return tuple(step for step in steps().values() if state in step.sources)


def dispositions() -> tuple[Step, ...]:
    """Give the steps that close an alert with a reason."""
    return tuple(step for step in steps().values() if step.disposes)


def load(path: Path) -> Mapping[str, Step]:
    """Read and check a state machine."""
    root = yaml.compose(path.read_text())
    top = dict(_pairs(path, root))
    if "events" not in top:
        raise MachineError(f"{path}:1: there is no 'events'")
    return {name: _step(path, name, node) for name, node in _pairs(path, top["events"])}


def _pairs(path: Path, node: yaml.Node | None) -> Iterator[tuple[str, yaml.Node]]:
    if not isinstance(node, yaml.MappingNode):
        raise MachineError(f"{path}:{_line(node)}: this must be a mapping")
    for key, value in node.value:
        yield str(key.value), value


def _line(node: yaml.Node | None) -> int:
    return node.start_mark.line + 1 if node is not None and node.start_mark else 1


def _step(path: Path, name: str, node: yaml.Node) -> Step:
    given = {key: (value, _plain(value)) for key, value in _pairs(path, node)}
    if unknown := set(given) - KEYS:
        raise MachineError(f"{path}:{_line(given[min(unknown)][0])}: {name}: unknown key {min(unknown)!r}")
    if absent := {"from", "to", "verb"} - set(given):
        raise MachineError(f"{path}:{_line(node)}: {name}: {min(absent)!r} is missing")
    for key, known in (("from", Alert.State.values), ("to", Alert.State.values), ("verb", all_verbs())):
        value_node, values = given[key]
        for value in values:
            if value not in known:
                raise MachineError(f"{path}:{_line(value_node)}: {name}: {key} {value!r} is unknown")
    return Step(
        name=name,
        sources=frozenset(given["from"][1]),
        target=given["to"][1][0],
        verb=given["verb"][1][0],
        needs_reason="reason" in given,
        disposes="disposes" in given,
    )


def _plain(node: yaml.Node) -> list[str]:
    values = node.value if isinstance(node, yaml.SequenceNode) else [node]
    return [str(value.value) for value in values]
