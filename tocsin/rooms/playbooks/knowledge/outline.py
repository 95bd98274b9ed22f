"""A playbook as a checklist: lines in order, some of them within others, which a person reads from top to bottom.

A line is done (action, playbook), decided (choice, loop) or only holds others together (group, branch). Branches stand
under choices, loops and groups, and under an action for what follows when it failed.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol, TypeVar

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

MOST_LINES = 500
DEEPEST = 24


class Kind(StrEnum):
    """What a line asks for."""

    ACTION = "action"
    PLAYBOOK = "playbook"
    CHOICE = "choice"
    LOOP = "loop"
    GROUP = "group"
    BRANCH = "branch"


class When(StrEnum):
    """When a branch is gone through."""

    TRUE = "true"
    FALSE = "false"
    CASE = "case"
    DEFAULT = "default"
    BODY = "body"
    TRACK = "track"
    FAILURE = "failure"
    EXCEPTION = "exception"


END = "end"  # as ``resume``: nothing follows
DECIDED = frozenset({Kind.CHOICE, Kind.LOOP})
DONE = frozenset({Kind.ACTION, Kind.PLAYBOOK})
ALLOWED = {
    Kind.ACTION: {When.FAILURE},
    Kind.PLAYBOOK: {When.FAILURE},
    Kind.CHOICE: {When.TRUE, When.FALSE, When.CASE, When.DEFAULT, When.FAILURE},
    Kind.LOOP: {When.BODY, When.FAILURE},
    Kind.GROUP: {When.TRACK, When.FAILURE},
}
SEVERAL = {When.CASE, When.TRACK}  # of which a line may have more than one


@dataclass(slots=True)
class Line:
    """One line of a checklist; ``depth`` counts the lines it stands in.

    ``condition`` is what a choice or a loop decides by, as CACAO writes it; ``label`` the value of a case. ``resume``
    says where it goes on after a branch for failures: empty for the next line, `END`, or the key of a line
    further down. ``details`` are what else the file said (commands, targets, variables), ``translations`` texts by
    language.
    """

    key: uuid.UUID
    kind: str
    depth: int = 0
    title: str = ""
    text: str = ""
    responsible: str = ""
    minutes: int | None = None
    when: str = ""
    label: str = ""
    resume: str = ""
    condition: str = ""
    details: dict[str, Any] = field(default_factory=dict)
    translations: dict[str, Any] = field(default_factory=dict)


class Outlined(Protocol):
    """What has a kind and a depth: a line here, a step in the database."""

    @property
    def kind(self) -> str: ...
    @property
    def depth(self) -> int: ...
    @property
    def when(self) -> str: ...


L = TypeVar("L", bound=Outlined)


@dataclass(slots=True)
class Node:
    """A line with the lines that stand in it."""

    line: Any
    children: list[Node] = field(default_factory=list)

    @property
    def kind(self) -> str:
        """The line's kind."""
        return str(self.line.kind)

    @property
    def when(self) -> str:
        """The line's condition to be gone through, when it is a branch."""
        return str(self.line.when)

    def branch(self, when: str) -> Node | None:
        """Give the branch for a case, if there is one."""
        return next((child for child in self.children if child.when == when), None)

    def within(self) -> Iterator[Node]:
        """Give the node and all nodes in it, from top to bottom."""
        yield self
        for child in self.children:
            yield from child.within()


def tree(lines: Iterable[Outlined]) -> list[Node]:
    """Give the lines that stand in no other, each with those in it; ``lines`` must be a sound outline."""
    top: list[Node] = []
    above: list[Node] = []
    for line in lines:
        node = Node(line)
        del above[line.depth :]
        (above[-1].children if above else top).append(node)
        above.append(node)
    return top


def flat(nodes: Iterable[Node], depth: int = 0) -> Iterator[Line]:
    """Give the lines again from top to bottom, each at the depth where it stands."""
    for node in nodes:
        node.line.depth = depth
        yield node.line
        yield from flat(node.children, depth + 1)


def check(lines: Sequence[Outlined]) -> None:
    """Refuse what is no checklist: too long, too deep, or lines where they make no sense."""
    if not any(line.kind != Kind.BRANCH for line in lines):
        raise ValidationError(_("A playbook needs at least one step."))
    if len(lines) > MOST_LINES:
        raise ValidationError(_("A playbook has at most %d lines; split it into two.") % MOST_LINES)
    depth = -1
    for line in lines:
        if not 0 <= line.depth <= min(depth + 1, DEEPEST):
            raise ValidationError(_("The steps are nested in a way that cannot be; load the page again."))
        depth = line.depth
    nodes = tree(lines)
    exceptions = [node for node in nodes if node.kind == Kind.BRANCH]
    if len(exceptions) > 1 or any(node.when != When.EXCEPTION for node in exceptions):
        raise ValidationError(_("A branch stands under a choice, a loop, a group or a step."))
    for node in nodes:
        _check_node(node)


def _check_node(node: Node) -> None:
    if node.kind == Kind.BRANCH:
        wrong = any(child.kind == Kind.BRANCH for child in node.children)
    else:
        wrong = not _branches_fit(node)
    if wrong:
        raise ValidationError(_("A branch stands under a choice, a loop, a group or a step."))
    for child in node.children:
        _check_node(child)


def _branches_fit(node: Node) -> bool:
    held = [child.when for child in node.children]
    if any(child.kind != Kind.BRANCH for child in node.children) or not set(held) <= ALLOWED[Kind(node.kind)]:
        return False
    single = [when for when in held if when not in SEVERAL]
    if len(single) != len(set(single)) or not (node.kind in DONE or set(held) - {When.FAILURE}):
        return False
    return node.kind != Kind.CHOICE or _cases_fit(node)


def _cases_fit(node: Node) -> bool:
    """Tell whether a choice is either between yes and no, or between cases that each have a name of their own."""
    held = {child.when for child in node.children} - {When.FAILURE}
    cases = [child.line.label for child in node.children if child.when == When.CASE]
    if held <= {When.TRUE, When.FALSE}:
        return When.TRUE in held
    return held <= {When.CASE, When.DEFAULT} and all(cases) and len(cases) == len(set(cases)) and "default" not in cases
