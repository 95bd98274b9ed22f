"""Write a checklist as a CACAO 2.0 playbook of its own; what the file it came from said beyond is kept in it."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from tocsin.platform.markings import TLP
from tocsin.rooms.playbooks.knowledge import extension
from tocsin.rooms.playbooks.knowledge.flow import SINGLE
from tocsin.rooms.playbooks.knowledge.outline import END, Kind, Line, Node, When, tree

# Given by the OASIS committee for everyone to use (repository oasis-tcs/cacao, Common-Objects/Data-Markings).
COMMITTEE, MARKED_SINCE = "identity--5abe695c-7bd5-4c31-8824-2528696cdbf1", "2022-10-01T00:00:00.000Z"
MARKINGS: Mapping[str, str] = {
    TLP.CLEAR: "marking-tlp--94868c89-83c2-464b-929b-a1a8aa3c8487",
    TLP.GREEN: "marking-tlp--bab4a63c-aed9-4cf5-a766-dfca5abac2bb",
    TLP.AMBER: "marking-tlp--55d920b0-5e8b-4f79-9ee9-91f868d9b421",
    TLP.AMBER_STRICT: "marking-tlp--939a9414-2ddd-4d32-a0cd-375ea402b003",
    TLP.RED: "marking-tlp--e828b379-4e03-4974-9ac4-e53a884c97c1",
}
POINTING = {*SINGLE, "cases", "next_steps"}
# Of the file a checklist came from, what no longer holds once it is edited.
OUTDATED = {"signatures", "playbook_processing_summary", "workflow", "workflow_start", "workflow_exception", "revoked"}
ACTIVITY = "step-sequence"  # a playbook with types must name an activity, and a step of it
CHOICES = {When.TRUE: "on_true", When.FALSE: "on_false"}


@dataclass(frozen=True, slots=True)
class Whole:
    """What a playbook is besides its lines. ``source`` is the document it came from, empty when it was written here."""

    own_id: uuid.UUID
    author: str
    name: str
    description: str
    types: Sequence[str]
    tlp: str
    created: datetime
    modified: datetime
    rsit: Sequence[str]
    severity_from: int
    translations: Mapping[str, Any] = field(default_factory=dict)
    source: Mapping[str, Any] = field(default_factory=dict)


def write(whole: Whole, lines: Iterable[Line]) -> bytes:
    """Give the file; the same checklist gives the same bytes."""
    made = _Workflow(whole)
    made.write(tree(lines))
    document = {name: value for name, value in whole.source.items() if name not in OUTDATED}
    document |= _head(whole)
    document |= _marked(whole)
    if made.variables:
        document["playbook_variables"] = {**document.get("playbook_variables", {}), **made.variables}
    if made.agents:
        document["agent_definitions"] = {**document.get("agent_definitions", {}), **made.agents}
    definitions = document.get("extension_definitions", {})
    document["extension_definitions"] = {**definitions, extension.KEY: extension.DEFINITION}
    document["playbook_extensions"] = {**document.get("playbook_extensions", {}), extension.KEY: _own(whole)}
    document["workflow_start"], document["workflow"] = made.start, made.steps
    if made.handler:
        document["workflow_exception"] = made.handler
    return json.dumps(document, ensure_ascii=False, indent=2).encode() + b"\n"


def time(value: datetime) -> str:
    """Write a time as CACAO wants it, to the millisecond."""
    return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{value.microsecond // 1000:03}Z"


def shaped(*seed: object) -> uuid.UUID:
    """Make a UUID of version 4's form that is always the same for the same seed."""
    return uuid.UUID(bytes=hashlib.sha256("\0".join(map(str, seed)).encode()).digest()[:16], version=4)


def _head(whole: Whole) -> dict[str, Any]:
    head: dict[str, Any] = {
        "type": "playbook",
        "spec_version": "cacao-2.0",
        "id": f"playbook--{whole.own_id}",
        "name": whole.name,
        "description": whole.description,
        "created_by": whole.author,
        "created": time(whole.created),
        "modified": time(whole.modified),
    }
    if whole.types:
        head["playbook_types"] = list(whole.types)
        named = whole.source.get("playbook_activities")
        head["playbook_activities"] = named if isinstance(named, list) and named else [ACTIVITY]
    if "id" in whole.source:
        head["derived_from"] = [whole.source["id"]]
    return head


def _marked(whole: Whole) -> dict[str, Any]:
    """Give the markings: other than TLP they stay, the TLP is what the checklist is marked with now."""
    known = whole.source.get("data_marking_definitions", {})
    carried = [marking for marking in whole.source.get("markings", []) if isinstance(marking, str)]
    others = [marking for marking in carried if known.get(marking, {}).get("type") != "marking-tlp"]
    identifier = MARKINGS[whole.tlp]
    definition = {
        "type": "marking-tlp",
        "id": identifier,
        "created_by": COMMITTEE,
        "created": MARKED_SINCE,
        "tlpv2_level": TLP(whole.tlp).label,
    }
    return {"markings": [identifier, *others], "data_marking_definitions": {**known, identifier: definition}}


def _own(whole: Whole) -> dict[str, Any]:
    own = {"rsit": list(whole.rsit), "severity_from": whole.severity_from, "translations": dict(whole.translations)}
    return {name: value for name, value in own.items() if value or name == "severity_from"}


class _Workflow:
    """The steps as they are written, from the last to the first: each names the one after it."""

    def __init__(self, whole: Whole) -> None:
        self.whole = whole
        self.before: Mapping[str, Any] = whole.source.get("workflow", {})
        self.steps: dict[str, Any] = {}
        self.variables: dict[str, Any] = {}
        self.agents: dict[str, Any] = {}
        self.start = self.handler = ""

    def write(self, nodes: Sequence[Node]) -> None:
        """Write all lines of a checklist."""
        self.start = f"start--{shaped(self.whole.own_id, 'start')}"
        end = f"end--{shaped(self.whole.own_id, 'end')}"
        self.steps[self.start] = {"type": "start"}
        first = self._sequence([node for node in nodes if node.kind != Kind.BRANCH], end)
        self.steps[self.start]["on_completion"] = first
        self.steps[end] = {"type": "end"}
        for node in nodes:
            if node.kind == Kind.BRANCH:
                self.handler = self._closed(node)

    def _sequence(self, nodes: Sequence[Node], end: str) -> str:
        """Write lines that follow each other and end at the step ``end``; give the id of the first."""
        ids = [*(self._id(node) for node in nodes), end]
        place = {str(node.line.key): identifier for node, identifier in zip(nodes, ids, strict=False)}
        for number, node in enumerate(nodes):
            self._write(ids[number], node, ids[number + 1], {END: end, "": ids[number + 1]} | place)
        return ids[0]

    def _closed(self, branch: Node) -> str:
        """Write a branch that comes to an end of its own (CACAO 2.0, section 4); give the id of its first step."""
        end = f"end--{branch.line.key}"
        first = self._sequence(branch.children, end)
        self.steps[end] = {"type": "end"}
        return first

    def _id(self, node: Node) -> str:
        types = {Kind.ACTION: "action", Kind.PLAYBOOK: "playbook-action", Kind.LOOP: "while-condition"}
        if node.kind == Kind.GROUP:
            kind = "parallel"
        elif node.kind == Kind.CHOICE:
            kind = "if-condition" if node.branch(When.TRUE) else "switch-condition"
        else:
            kind = types[Kind(node.kind)]
        return f"{kind}--{node.line.key}"

    def _write(self, identifier: str, node: Node, following: str, places: Mapping[str, str]) -> None:
        """Write a step and what stands in it; the step comes first, as one reads."""
        kind = identifier.partition("--")[0]
        step = self._step(identifier, kind, node.line)
        self.steps[identifier] = step
        failed = node.branch(When.FAILURE)
        if failed is None:
            step["on_completion"] = following
        else:
            step["on_success"] = following
            step["on_failure"] = self._sequence(failed.children, places.get(failed.line.resume, places[END]))
        if kind == "if-condition":
            step |= {CHOICES[When(b.when)]: self._closed(b) for b in node.children if b.when in CHOICES}
        elif kind == "while-condition":
            step["on_true"] = next(self._closed(b) for b in node.children if b.when == When.BODY)
        elif kind == "switch-condition":
            cases = [b for b in node.children if b.when in {When.CASE, When.DEFAULT}]
            step["cases"] = {b.line.label or "default": self._closed(b) for b in cases}
        elif kind == "parallel":
            step["next_steps"] = [self._closed(b) for b in node.children if b.when == When.TRACK]
            if len(step["next_steps"]) == 1:  # CACAO wants two; the other has nothing to do
                step["next_steps"].append(f"end--{shaped(node.line.key, 'idle')}")
                self.steps[step["next_steps"][1]] = {"type": "end"}
        self._extend(step, node)

    def _step(self, identifier: str, kind: str, line: Line) -> dict[str, Any]:
        held = self.before.get(identifier, {})
        step = {name: value for name, value in held.items() if name not in POINTING} | {"type": kind}
        step["name"] = line.title
        step.pop("description", None)
        if line.text:
            step["description"] = line.text
        if kind in {"if-condition", "while-condition"}:
            step["condition"] = line.condition or self._asked(line, "yes")
        elif kind == "switch-condition":
            step["switch"] = line.condition or self._asked(line, "")
        elif kind == "playbook-action":
            step.setdefault("playbook_id", line.details.get("playbook", ""))
        elif kind == "action":
            self._ordered(step, line)
        return step

    def _ordered(self, step: dict[str, Any], line: Line) -> None:
        """Say what is done and by whom, as CACAO wants it of every action."""
        if not step.get("commands"):
            said = line.text or line.title
            step["commands"] = [{"type": "manual", "command": said, "playbook_activity": ACTIVITY}]
        agents = {**self.whole.source.get("agent_definitions", {}), **self.agents}
        known = agents.get(str(step.get("agent", "")), {}).get("name")
        if not known or (line.responsible and known != line.responsible):
            name = line.responsible or "Incident responders"
            step["agent"] = f"group--{shaped(self.whole.own_id, 'agent', name)}"
            self.agents[step["agent"]] = {"type": "group", "name": name}

    def _asked(self, line: Line, value: str) -> str:
        """Make a variable of what a person is asked, and give the condition that reads it."""
        name = f"__answer_{line.key.hex[:12]}__"
        self.variables[name] = {"type": "string", "description": line.title, "value": "", "external": False}
        return f"{name}:value = '{value}'" if value else f"{name}:value"

    def _extend(self, step: dict[str, Any], node: Node) -> None:
        line: Line = node.line
        labels = {
            b.line.label or b.when: b.line.title for b in node.children if b.line.title and b.when != When.FAILURE
        }
        translations = {language: dict(texts) for language, texts in line.translations.items()}
        for branch in node.children:
            for language, texts in branch.line.translations.items():
                named = translations.setdefault(language, {}).setdefault("labels", {})
                named[branch.line.label or branch.when] = texts.get("name", "")
        own = {
            "responsible": line.responsible,
            "expected_minutes": line.minutes,
            "labels": labels,
            "translations": translations,
        }
        held = {name: value for name, value in step.get("step_extensions", {}).items() if name != extension.KEY}
        kept = {name: value for name, value in own.items() if value}
        if kept or held:
            step["step_extensions"] = held | ({extension.KEY: kept} if kept else {})
        else:
            step.pop("step_extensions", None)
