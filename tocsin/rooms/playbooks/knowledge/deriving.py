"""Make a checklist of a workflow: depth first from the start; branches stand under what decides between them.

A branch ends where the file ends it, or where all branches meet again. Steps that several branches lead to without
meeting are written in each of them.
"""

from __future__ import annotations

import base64
import binascii
import json
import uuid
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from tocsin.rooms.playbooks.knowledge import extension
from tocsin.rooms.playbooks.knowledge.checking import TEXT_MOST
from tocsin.rooms.playbooks.knowledge.flow import NOWHERE, Flow
from tocsin.rooms.playbooks.knowledge.outline import DEEPEST, END, MOST_LINES, Kind, Line, Node, When, tree
from tocsin.rooms.playbooks.knowledge.problems import Problem, Unusable

TITLE, SHOWN_MOST = 200, 40
KINDS: Mapping[str, Kind] = {
    "action": Kind.ACTION,
    "playbook-action": Kind.PLAYBOOK,
    "if-condition": Kind.CHOICE,
    "switch-condition": Kind.CHOICE,
    "while-condition": Kind.LOOP,
    "parallel": Kind.GROUP,
}
FLOWING = {"type", "command", "command_b64", "content", "content_b64", "description", "headers"}


def derive(document: Mapping[str, Any]) -> list[Line]:
    """Give the checklist of a document that `checking.check` found no error in; raises ``Unusable`` when too long."""
    made = _Derivation(document)
    made.sequence(str(document["workflow_start"]), frozenset(), 0)
    made.exception(document.get("workflow_exception"))
    made.settle_resumptions()
    if not any(line.kind != Kind.BRANCH for line in made.lines):
        raise Unusable([Problem("$.workflow", _("There is nothing to do in it; add an action between start and end."))])
    return made.lines


class _Derivation:
    def __init__(self, document: Mapping[str, Any]) -> None:
        self.document = document
        self.workflow: Mapping[str, Any] = document["workflow"]
        self.flow = Flow(self.workflow)
        self.meetings = self.flow.meetings()
        self.lines: list[Line] = []
        self.step_of: dict[uuid.UUID, str] = {}  # of which step a line was made

    def sequence(self, first: str, stop: frozenset[str], depth: int) -> None:
        """Write the steps from ``first`` on, until the way ends or comes to a step of ``stop``."""
        key = first
        while key != NOWHERE and key not in stop:
            kind = KINDS.get(self.workflow[key]["type"])
            after = self._continuation(key)
            if kind is not None:
                self._add(self._line(key, kind, depth))
                self._branches(key, kind, after, stop, depth)
            key = after

    def exception(self, handler: Any) -> None:
        """Write what is done when a step fails and says nothing of it, as the last branch of all."""
        if isinstance(handler, str) and KINDS.get(self.workflow[handler]["type"]):
            self._branch(0, When.EXCEPTION, handler, frozenset())

    def settle_resumptions(self) -> None:
        """Name by their lines the steps that failed branches go on with; what stands nowhere below is an end.

        A failed branch with nothing in it that leaves nothing out says nothing, and goes.
        """
        waiting, idle = [tree(self.lines)], set()
        while waiting:
            level = waiting.pop()
            waiting.extend(node.children for node in level)
            steps = [node for node in level if node.kind != Kind.BRANCH]
            for place, node in enumerate(steps):
                if failed := node.branch(When.FAILURE):
                    failed.line.resume = self._resumption(failed.line.resume, steps[place + 1 :])
                    idle |= set() if failed.children or failed.line.resume else {failed.line.key}
        self.lines = [line for line in self.lines if line.key not in idle]

    def _resumption(self, step: str, below: Sequence[Node]) -> str:
        keys = [node.line.key for node in below if self.step_of.get(node.line.key) == step]
        if not step or not below or (keys and keys[0] == below[0].line.key):
            return ""  # that is what follows anyway
        return str(keys[0]) if keys else END

    def _continuation(self, key: str) -> str:
        """Give the step that stands next on the same level."""
        meeting = self.workflow[key]["type"] in {"if-condition", "switch-condition", "parallel"}
        return self.flow.after(key) or (self.meetings[key] if meeting else NOWHERE)

    def _branches(self, key: str, kind: Kind, after: str, stop: frozenset[str], depth: int) -> None:
        step = self.workflow[key]
        ends = stop | ({after} if after else set())
        for when, label, target in self._ways(key, kind, step, ends):
            self._branch(depth + 1, when, target, ends, label, key)
        if "on_failure" not in step:
            return
        failed, resume = self.flow.to(key, "on_failure"), self.meetings[key]
        if failed != after:
            branch = self._branch(depth + 1, When.FAILURE, failed, stop | ({resume} if resume else set()))
            branch.resume = "" if resume == after else resume or END

    def _ways(
        self, key: str, kind: Kind, step: Mapping[str, Any], ends: frozenset[str]
    ) -> Iterator[tuple[When, str, str]]:
        to = self.flow.to
        if kind == Kind.LOOP:
            yield When.BODY, "", to(key, "on_true")
        elif step["type"] == "if-condition":
            yield When.TRUE, "", to(key, "on_true")
            yield When.FALSE, "", to(key, "on_false")
        elif kind == Kind.CHOICE:
            for case, target in step["cases"].items():
                when = When.DEFAULT if case == "default" else When.CASE
                yield when, "" if when == When.DEFAULT else one_line(case), self._forward(key, target)
        elif kind == Kind.GROUP:
            targets = [self._forward(key, target) for target in step["next_steps"]]
            busy = [t for t in targets if t and t not in ends and self.workflow[t]["type"] != "end"]
            for target in busy or [NOWHERE]:
                yield When.TRACK, "", target

    def _forward(self, key: str, target: str) -> str:
        return NOWHERE if (key, target) in self.flow.back else target

    def _branch(self, depth: int, when: When, first: str, stop: frozenset[str], label: str = "", key: str = "") -> Line:
        texts = self._labels(key, when, label) if key else {}
        title = texts.pop("", "")
        line = Line(uuid.uuid4(), Kind.BRANCH, depth, title=title, when=when, label=label, translations=texts)
        self._add(line)
        self.sequence(first, stop, depth + 1)
        return line

    def _labels(self, key: str, when: When, label: str) -> dict[str, Any]:
        """Give how a branch is called, by language; the file's own language has none."""
        own = extension.of(self.workflow[key], "step_extensions")
        called = label if when == When.CASE else str(when)
        found: dict[str, Any] = {"": extension.labels(own).get(called, "")}
        for language, texts in extension.translations(own).items():
            if called in texts.get("labels", {}):
                found[language] = {"name": texts["labels"][called]}
        return found

    def _add(self, line: Line) -> None:
        if len(self.lines) >= MOST_LINES:
            text = _("Written as a checklist it has more than %d lines; split the playbook.") % MOST_LINES
            raise Unusable([Problem("$.workflow", text)])
        if line.depth > DEEPEST:
            raise Unusable([Problem("$.workflow", _("Its conditions are nested too deep for a checklist; split it."))])
        self.lines.append(line)

    def _line(self, key: str, kind: Kind, depth: int) -> Line:
        step = self.workflow[key]
        own = extension.of(step, "step_extensions")
        name, text = step.get("name", ""), step.get("description", "").strip()
        who = extension.text(own.get("responsible"), 120) or self._named(step.get("agent"), "agent_definitions")
        title = one_line(name) or one_line(text.partition("\n")[0]) or str(step["type"])
        if len(one_line(name, 1_000)) > TITLE:
            text = f"{name.strip()}\n\n{text}"[:TEXT_MOST]
        return Line(
            self._key(key),
            kind,
            depth,
            title=title,
            text=text,
            responsible=one_line(who, 120),
            minutes=extension.minutes(own.get("expected_minutes")),
            condition=str(step.get("condition", step.get("switch", ""))),
            details=self._details(step),
            translations=_without_labels(extension.translations(own)),
        )

    def _key(self, key: str) -> uuid.UUID:
        """Give the UUID of a step's id; a new one when the step is written a second time, or another has the same."""
        found = uuid.UUID(key[-36:])
        if found in self.step_of:
            found = uuid.uuid4()
        self.step_of[found] = key
        return found

    def _named(self, identifier: Any, where: str) -> str:
        held = self.document.get(where, {}).get(identifier) if isinstance(identifier, str) else None
        name = held.get("name") if isinstance(held, dict) else None
        return name if isinstance(name, str) else ""

    def _details(self, step: Mapping[str, Any]) -> dict[str, Any]:
        targets = [self._named(each, "target_definitions") or each for each in step.get("targets", [])]
        details: dict[str, Any] = {
            "commands": [command(each) for each in step.get("commands", [])[:SHOWN_MOST]],
            "targets": [one_line(each) for each in targets[:SHOWN_MOST]],
            "needs": self._variables(step, "in_args"),
            "gives": self._variables(step, "out_args"),
            "playbook": one_line(step.get("playbook_id", "")),
        }
        return {name: value for name, value in details.items() if value}

    def _variables(self, step: Mapping[str, Any], role: str) -> list[str]:
        known = {**self.document.get("playbook_variables", {}), **step.get("step_variables", {})}
        found = []
        for name in step.get(role, [])[:SHOWN_MOST]:
            held = known.get(name.removesuffix(":value"))
            said = held.get("description") if isinstance(held, dict) else None
            found.append(one_line(f"{name}: {said}" if isinstance(said, str) and said else name))
        return found


def command(given: Mapping[str, Any]) -> dict[str, str]:
    """Give a command as text that a person reads: its type, what it does, the lines. Nothing here carries it out."""
    lines = []
    for role in ("command", "content"):
        if isinstance(given.get(role), str):
            lines.append(given[role])
        if isinstance(given.get(f"{role}_b64"), str):
            lines.append(_decoded(given[f"{role}_b64"]))
    if isinstance(given.get("headers"), dict):
        lines[1:1] = [f"{name}: {_joined(value)}" for name, value in given["headers"].items()]
    rest = {name: value for name, value in given.items() if name not in FLOWING}
    if not lines and rest:
        lines = [json.dumps(rest, ensure_ascii=False)]
    said = given.get("description")
    return {
        "type": one_line(str(given.get("type", ""))),
        "description": said[:TEXT_MOST] if isinstance(said, str) else "",
        "text": "\n".join(lines)[:TEXT_MOST],
    }


def _joined(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _decoded(text: str) -> str:
    try:
        return base64.b64decode(text, validate=True).decode().replace("\0", "\ufffd")
    except (binascii.Error, ValueError):
        return text  # as it stands


def _without_labels(translations: dict[str, dict[str, Any]]) -> dict[str, Any]:
    return {language: {n: t for n, t in texts.items() if n != "labels"} for language, texts in translations.items()}


def one_line(text: str, most: int = TITLE) -> str:
    """Give a text on one line, without control characters, and no longer than ``most``."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:most]
