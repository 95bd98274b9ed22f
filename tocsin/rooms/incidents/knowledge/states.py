"""The states of an incident and what leads from one to the next, read from `states.yaml`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from tocsin.platform.access import roles_known
from tocsin.rooms.incidents.models import Incident

FILE = Path(__file__).parents[1] / "states.yaml"
KEYS = frozenset({"from", "event", "to", "roles", "needs", "asks", "reminder"})
MUST = frozenset({"from", "event", "to", "roles"})
KNOWN: Mapping[str, frozenset[str]] = {
    "from": frozenset({"*", *Incident.State.values}),
    "to": frozenset(Incident.State.values),
    "needs": frozenset({"class", "organisation", "recent"}),
    "asks": frozenset({"closing", "disposition", "incident"}),
}


class MachineError(Exception):
    """The file of states is broken; the message names file and line."""


@dataclass(frozen=True, slots=True)
class Transition:
    """Something that may happen in some states: who lets it, what it needs, what must be said with it."""

    event: str
    sources: frozenset[str]
    target: str
    roles: frozenset[str]
    needs: frozenset[str]
    asks: str
    reminder: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Machine:
    """All states and transitions; ``reopen_days`` is how long after its end an incident can be opened again."""

    initial: str
    terminal: frozenset[str]
    reopen_days: int
    transitions: Sequence[Transition]

    def possible(self, state: str) -> list[Transition]:
        """Give what may happen in a state, in the order of the file."""
        return [each for each in self.transitions if state in each.sources]

    def transition(self, state: str, event: str) -> Transition | None:
        """Give what ``event`` does in a state; None when it cannot happen there."""
        return next((each for each in self.possible(state) if each.event == event), None)

    def asks(self, event: str) -> str:
        """Give what must be said with an event; empty when a click is enough."""
        return next((each.asks for each in self.transitions if each.event == event), "")


@cache
def machine() -> Machine:
    """Give the machine of incidents."""
    return load(FILE)


def load(path: Path) -> Machine:
    """Read and check a file of states; raise MachineError that names the line to mend."""
    root = yaml.compose(path.read_text())
    top = yaml.safe_load(path.read_text())
    if not isinstance(root, yaml.MappingNode) or not isinstance(top.get("transitions"), list):
        raise MachineError(f"{path}:1: there is no list 'transitions'")
    nodes = next(value for key, value in root.value if key.value == "transitions")
    terminal = frozenset(top["terminal"])
    opened = frozenset(Incident.State.values) - terminal
    made = []
    for node, given in zip(nodes.value, top["transitions"], strict=True):
        _check(given, f"{path}:{node.start_mark.line + 1}")
        made.append(_made(given, opened))
    return Machine(top["initial"], terminal, int(top["reopen_days"]), made)


def _check(given: Any, where: str) -> None:
    if not isinstance(given, dict):
        raise MachineError(f"{where}: a transition is a mapping")
    if unknown := set(given) - KEYS:
        raise MachineError(f"{where}: unknown key {min(unknown)!r}")
    if absent := MUST - set(given):
        raise MachineError(f"{where}: {min(absent)!r} is missing")
    for key, known in {**KNOWN, "roles": roles_known()}.items():
        if strange := set(_listed(given.get(key, []))) - known:
            raise MachineError(f"{where}: {key}: {min(strange)!r} is unknown")
    if given.get("reminder") is not None and set(given["reminder"]) != {"en", "fr"}:
        raise MachineError(f"{where}: a reminder is said in en and in fr")


def _made(given: Mapping[str, Any], opened: frozenset[str]) -> Transition:
    sources = frozenset(given["from"])
    return Transition(
        event=given["event"],
        sources=opened if "*" in sources else sources,
        target=given["to"],
        roles=frozenset(given["roles"]),
        needs=frozenset(given.get("needs", ())),
        asks=given.get("asks", ""),
        reminder=given.get("reminder", {}),
    )


def _listed(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]
