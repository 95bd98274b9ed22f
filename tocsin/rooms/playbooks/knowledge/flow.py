"""The workflow of a CACAO playbook as a graph: where its steps lead, circles in it, and where branches meet again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tocsin.rooms.playbooks.knowledge.problems import at

WHILE = "while-condition"
BLOCKS = frozenset({"if-condition", "switch-condition", "parallel", WHILE})
SINGLE = ("on_completion", "on_success", "on_failure", "on_true", "on_false")
NOWHERE = ""  # where a branch, or the whole, has come to its end


@dataclass(frozen=True, slots=True)
class Pointer:
    """That a step names another: by which property, at which path."""

    role: str
    target: Any
    path: str


@dataclass(frozen=True, slots=True)
class Circle:
    """Steps that lead back to the first of them; ``path`` is where the way back is written."""

    steps: tuple[str, ...]
    path: str


def pointers(step: Mapping[str, Any], path: str) -> Iterator[Pointer]:
    """Give all that a step points to, whatever stands there."""
    for role in SINGLE:
        if role in step:
            yield Pointer(role, step[role], at(path, role))
    cases, tracks = step.get("cases"), step.get("next_steps")
    if isinstance(cases, dict):
        for case, target in cases.items():
            yield Pointer("case", target, at(at(path, "cases"), case))
    if isinstance(tracks, list):
        for place, target in enumerate(tracks):
            yield Pointer("track", target, at(at(path, "next_steps"), place))


class Flow:
    """The graph of a workflow whose pointers all name steps of it."""

    def __init__(self, workflow: Mapping[str, Any]) -> None:
        self.workflow = workflow
        self.out = {key: list(pointers(step, at("$.workflow", key))) for key, step in workflow.items()}
        self.back: set[tuple[str, str]] = set()  # from the body of a while-condition to the condition
        self.circle: Circle | None = None
        self.order: list[str] = []  # what a step leads to stands before it
        self._look_for_circles()

    def _look_for_circles(self) -> None:
        seen: set[str] = set()
        for first in self.workflow:
            if first not in seen and self.circle is None:
                self._descend(first, seen)

    def _descend(self, first: str, seen: set[str]) -> None:
        """Go down from one step without recursion: a file decides how deep."""
        way, place = [first], {first: 0}
        by = [""]  # the roles the way went by
        ahead = [iter(self.out[first])]
        seen.add(first)
        while way:
            pointer = next(ahead[-1], None)
            if pointer is None:
                self.order.append(way[-1])
                del place[way.pop()]
                by.pop()
                ahead.pop()
            elif pointer.target in place:
                start = place[pointer.target]
                if self.workflow[pointer.target].get("type") == WHILE and [*by, pointer.role][start + 1] == "on_true":
                    self.back.add((way[-1], pointer.target))
                    continue
                self.circle = Circle((*way[start:], pointer.target), pointer.path)
                return
            elif pointer.target not in seen:
                seen.add(pointer.target)
                place[pointer.target] = len(way)
                way.append(pointer.target)
                by.append(pointer.role)
                ahead.append(iter(self.out[pointer.target]))

    def reachable(self, *starts: str) -> set[str]:
        """Give the steps that some way from ``starts`` leads to."""
        found = set(starts)
        waiting = list(found)
        while waiting:
            for pointer in self.out[waiting.pop()]:
                if pointer.target not in found:
                    found.add(pointer.target)
                    waiting.append(pointer.target)
        return found

    def to(self, key: str, role: str) -> str:
        """Give the step that ``key`` leads to by ``role``; none when it leads nowhere or back to its own loop."""
        target = self.workflow[key].get(role, NOWHERE)
        return NOWHERE if (key, target) in self.back else str(target)

    def after(self, key: str) -> str:
        """Give the step that follows when all went well, as the file says it; `NOWHERE` when it does not."""
        return self.to(key, "on_completion") or self.to(key, "on_success")

    def meetings(self) -> dict[str, str]:
        """Give for each step the next one that every way from it passes (its immediate post-dominator)."""
        place = {key: number for number, key in enumerate(self.order)}
        passed: dict[str, int] = {}  # the steps every way passes, one bit each
        meets: dict[str, str] = {}
        for key in self.order:
            ahead = [passed[target] if target else 0 for target in self._onward(key)]
            common = ahead[0] if ahead else 0
            for bits in ahead[1:]:
                common &= bits
            # Nearest is what lies last in the order: it leads to all the others.
            meets[key] = self.order[common.bit_length() - 1] if common else NOWHERE
            passed[key] = common | 1 << place[key]
        return meets

    def _onward(self, key: str) -> list[str]:
        step = self.workflow[key]
        kind = step.get("type")
        if kind == "end":
            return [NOWHERE]
        after = self.after(key)
        failed = [self.to(key, "on_failure")] if "on_failure" in step else []
        if kind in BLOCKS and after:
            return [after, *failed]
        if kind not in BLOCKS or kind == WHILE:
            return [after, *failed]
        branches = [pointer for pointer in self.out[key] if pointer.role in {"on_true", "on_false", "case", "track"}]
        ways = [NOWHERE if (key, p.target) in self.back else p.target for p in branches]
        complete = kind == "parallel" or "on_false" in step or "default" in step.get("cases", {})
        return [*ways, *([] if complete else [NOWHERE]), *failed]
