"""What the rules ask of one kind of record, arranged for columns.

Every distinct test of a column has a number, its term. A rule's key is a set of terms of which at least
one must be found somewhere in a batch for the rule to hold anywhere in it: the rarest looking choice is
taken, and most rules are never evaluated because their key was not found.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from tocsin.pipeline.detect.keywords import Keywords
from tocsin.pipeline.detect.patterns import Compile
from tocsin.pipeline.detect.rule import Rule
from tocsin.pipeline.detect.terms import (
    Always,
    And,
    Condition,
    Leaf,
    Missing,
    Not,
    Or,
    SameAs,
    Test,
    Text,
    fields,
    leaves,
)
from tocsin.pipeline.detect.values import Values

COMMON = 3  # characters: a shorter literal is found nearly everywhere


@dataclass(frozen=True, slots=True)
class Asked:
    """A leaf with its tests numbered."""

    number: int
    column: str | None
    terms: tuple[int, ...]
    missing: frozenset[bool]
    same: tuple[SameAs, ...]


@dataclass(frozen=True, slots=True)
class Every:
    """All steps hold; the narrowest come first."""

    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Some:
    """At least one step holds."""

    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Never:
    """The step does not hold."""

    step: Step


Step = Asked | Every | Some | Never | Always


@dataclass(frozen=True, slots=True)
class Prepared:
    """A rule and how to find its rows."""

    rule: Rule
    step: Step


class KindPlan:
    """Hold the rules that may hold for records of one kind."""

    def __init__(
        self, conditions: Iterable[tuple[Rule, Condition]], lists: frozenset[str], compile_patterns: Compile
    ) -> None:
        self._lists = lists
        self._compile = compile_patterns
        self.asked: dict[Leaf, Asked] = {}
        self._tests: dict[str | None, dict[Test, int]] = {}
        self._count = 0
        self.rules: list[Prepared] = []
        self.always: list[int] = []
        self.by_term: defaultdict[int, list[int]] = defaultdict(list)
        for rule, condition in conditions:
            if condition != Always(False):
                self._add(rule, condition)
        self.columns = frozenset(name for leaf in self.asked for name in fields(leaf))
        self.subjects = frozenset(column for prepared in self.rules for column in prepared.rule.subject)

    def _add(self, rule: Rule, condition: Condition) -> None:
        for leaf in leaves(condition):
            if leaf not in self.asked:
                self.asked[leaf] = self._numbered(leaf)
        number = len(self.rules)
        self.rules.append(Prepared(rule, self._step(condition)))
        key = _key(condition)
        if key is None:
            self.always.append(number)
            return
        for term in {term for leaf in key for term in self.asked[leaf].terms}:
            self.by_term[term].append(number)

    def _step(self, condition: Condition) -> Step:
        match condition:
            case And(parts):
                return Every(tuple(map(self._step, sorted(parts, key=_weight))))
            case Or(parts):
                return Some(tuple(map(self._step, parts)))
            case Not(part):
                return Never(self._step(part))
            case Leaf():
                return self.asked[condition]
        return condition

    def _numbered(self, leaf: Leaf) -> Asked:
        terms: list[int] = []
        tests = self._tests.setdefault(leaf.field, {})
        for test in leaf.tests:
            if isinstance(test, Missing | SameAs):
                continue
            if test not in tests:
                tests[test] = self._count
                self._count += 1
            terms.append(tests[test])
        missing = frozenset(test.missing for test in leaf.tests if isinstance(test, Missing))
        same = tuple(test for test in leaf.tests if isinstance(test, SameAs))
        return Asked(len(self.asked), leaf.field, tuple(terms), missing, same)

    @cached_property
    def values(self) -> dict[str, Values]:
        """The tests of each column."""
        return {
            column: Values(tests, self._compile, lines=column in self._lists)
            for column, tests in self._tests.items()
            if column is not None and tests
        }

    @cached_property
    def keywords(self) -> Keywords | None:
        """The keywords, if there are any."""
        tests = self._tests.get(None)
        return Keywords(tests, self._compile) if tests else None

    def forget(self) -> None:
        """Drop what was remembered of values seen."""
        for values in self.values.values():
            values.memory.clear()


def _key(condition: Condition) -> frozenset[Leaf] | None:
    """Give leaves of which one must hold, the rarest looking such set; None when there is no such set."""
    match condition:
        case Leaf():
            given = any(isinstance(test, Missing | SameAs) for test in condition.tests)
            return None if given else frozenset((condition,))
        case And(parts):
            keys = [key for part in parts if (key := _key(part)) is not None]
            return max(keys, key=_rarity) if keys else None
        case Or(parts):
            keys = [key for part in parts if (key := _key(part)) is not None]
            return frozenset().union(*keys) if len(keys) == len(parts) else None
    return None


def _rarity(key: frozenset[Leaf]) -> tuple[int, int]:
    """Guess how rare a key is: by its shortest literal, then by having few tests."""
    tests = [test for leaf in key for test in leaf.tests]
    return min(_length(test) for test in tests), -len(tests)


def _length(test: Test) -> int:
    if not isinstance(test, Text):
        return COMMON
    longest = max((len(part) for part in test.glob if isinstance(part, str)), default=0)
    return longest if longest > COMMON else 0


def _weight(part: Condition) -> tuple[int, int]:
    key = _key(part)
    return (1, 0) if key is None else (0, -_rarity(key)[0])
