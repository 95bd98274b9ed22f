"""What is known of a foreign system, as data: one YAML file each in `peers/`, read and checked here.

A new system with JSON or CSV needs a file and no code: docs/howto/move.md, "A system that is not listed".
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator, model_validator

from tocsin.platform.markings import TLP
from tocsin.rooms.incidents.knowledge import taxonomy
from tocsin.rooms.incidents.models import Incident, Severity, Task

FOLDER = Path(__file__).parent / "peers"
Into = Literal["entries", "tasks", "observables", "parts"]


class PeerError(Exception):
    """The file of a foreign system is broken; the message names file, line and what to mend."""


class Part(BaseModel):
    """Refuses keys it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Take(Part):
    """Where a value is found: the first of ``first`` that is there, or all of ``all``, or ``lines`` joined.

    A line may be ``Label=path``; it is left out when the path leads nowhere. ``match`` keeps what its first group
    finds.
    """

    first: tuple[str, ...] = ()
    all: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()
    match: str = ""

    @field_validator("match")
    @classmethod
    def _one_group(cls, value: str) -> str:
        if value and re.compile(value).groups != 1:
            raise ValueError("an expression here has one group")
        return value


def _take(given: Any) -> Any:
    if isinstance(given, str):
        return {"first": (given,)}
    if isinstance(given, list):
        return {"first": tuple(given)}
    return given


Taken = Annotated[Take, BeforeValidator(_take)]
Texts = tuple[str, ...]


class Child(Part):
    """Things inside of a record, in the list at ``list``; a path there that begins with ^ leads out of it."""

    list: str
    into: Into
    fields: Mapping[str, Taken]
    constant: Mapping[str, str] = {}
    closes: Mapping[str, Texts] = {}


class Record(Part):
    """One kind of record: ``has`` and ``is`` tell it from others; with ``parent`` it belongs to an incident."""

    name: str
    has: Texts = ()
    values: Mapping[str, Texts] = Field(default={}, validation_alias="is")
    passed_over: str = ""
    parent: Taken | None = None
    into: Into | None = None
    fields: Mapping[str, Taken] = {}
    constant: Mapping[str, str] = {}
    closes: Mapping[str, Texts] = {}
    children: tuple[Child, ...] = ()
    facts: Mapping[str, str] = {}
    dropped: Mapping[str, str] = {}
    known: Texts = ()
    refused: Mapping[str, Mapping[str, str]] = {}
    restricted: Mapping[str, Texts] = {}

    @model_validator(mode="after")
    def _whole(self) -> Record:
        if not self.passed_over and not self.fields:
            raise ValueError("a record that is not passed over needs fields")
        if (self.parent is None) != (self.into is None):
            raise ValueError("parent and into go together")
        return self


class Peer(Part):
    """The whole file."""

    name: str = Field(pattern=r"^[a-z0-9-]{2,20}$")
    title: str
    format: Literal["json", "csv"] = "json"
    lists: Texts = ()
    unwrap: Texts = ()
    link: str = ""
    markup: bool = False
    day_first: bool = True
    own: bool = False  # our own export: times, words and ids are taken as they are
    least: Mapping[str, str] = {}
    headings: Mapping[str, Texts] = {}
    records: tuple[Record, ...] = ()
    state: Mapping[str, str] = {}
    severity: Mapping[str, int] = {}
    tlp: Mapping[str, str] = {}
    category: Mapping[str, str] = {}
    task_state: Mapping[str, str] = {}
    organisations: Mapping[str, str] = {}
    words: Texts = ()  # sorts of observables that are kept in words, such as names of files

    @model_validator(mode="after")
    def _ours(self) -> Peer:
        """Refuse what our side does not have."""
        ours_by_field: dict[str, set[Any]] = {
            "state": set(Incident.State.values),
            "severity": set(Severity.values),
            "tlp": set(TLP.values),
            "category": set(categories()),
            "task_state": set(Task.State.values),
        }
        for field, known in ours_by_field.items():
            for theirs, ours in getattr(self, field).items():
                if ours not in known:
                    raise ValueError(f"{field}: {theirs} is to be {ours!r}, which there is not here")
        return self


def categories() -> Mapping[str, str]:
    """Give the classes and types of the taxonomy as ``class`` and ``class/type``, with their names."""
    found = {}
    for code, entry in taxonomy().items():
        found[code] = str(entry["name"])
        found |= {f"{code}/{kind}": f"{entry['name']}: {name}" for kind, name in entry["types"].items()}
    return found


def load(path: Path) -> Peer:
    """Read and check the file of one system."""
    text = path.read_text(encoding="utf-8")
    try:
        node, content = yaml.compose(text), yaml.safe_load(text)
        return Peer.model_validate(content)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise PeerError(f"{path}:{line}: {error.problem}") from error
    except ValidationError as error:
        first = error.errors()[0]
        raise PeerError(f"{path}:{_line(node, first['loc'])}: {first['msg']}") from error


def _line(node: Any, place: Sequence[int | str]) -> int:
    line = 1
    for step in place:
        if isinstance(node, yaml.MappingNode):
            found = next(((key, value) for key, value in node.value if key.value == str(step)), None)
            if found is None:
                break
            line, node = found[0].start_mark.line + 1, found[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
            node = node.value[step]
            line = node.start_mark.line + 1
    return line


@cache
def peers() -> Mapping[str, Peer]:
    """Give all systems we can read the exports of, by name."""
    found = {path.stem: load(path) for path in sorted(FOLDER.glob("*.yaml"))}
    for stem, peer in found.items():
        if stem != peer.name:
            raise PeerError(f"{FOLDER / stem}.yaml: its name is {peer.name!r}; call the file {peer.name}.yaml")
    return found
