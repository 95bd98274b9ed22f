"""What a rule asks, taken out of Sigma's syntax: tests on values, and conditions over tests.

A value passes a leaf when it passes any of the leaf's tests. A glob is a tuple of literal strings and
the wildcards `ANY` (any text, also none) and `ONE` (one character). All of this goes to JSON and back,
because the compiled plan is kept on disk and a pickle there would run whatever somebody put into it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from dataclasses import fields as fields_of
from typing import Any

ANY = 0
ONE = 1

Glob = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Text:
    """The whole value is like the glob; letters' case counts only when ``cased``."""

    glob: Glob
    cased: bool = False


@dataclass(frozen=True, slots=True)
class Regex:
    """The expression is found somewhere in the value. ``flags`` are letters among i, m and s."""

    pattern: str
    flags: str = ""


@dataclass(frozen=True, slots=True)
class Number:
    """The value is a number that compares so: eq, neq, lt, lte, gt or gte."""

    operator: str
    number: int | float


@dataclass(frozen=True, slots=True)
class Cidr:
    """The value is an address inside the network."""

    network: str


@dataclass(frozen=True, slots=True)
class TimePart:
    """The value is a time of which one part, in UTC, is this number."""

    part: str
    number: int


@dataclass(frozen=True, slots=True)
class Missing:
    """The event has no value here (or has one, when ``missing`` is false)."""

    missing: bool


@dataclass(frozen=True, slots=True)
class SameAs:
    """The value equals, begins with, ends with or contains the value of another field, in any case."""

    field: str
    starts: bool = False
    ends: bool = False


Test = Text | Regex | Number | Cidr | TimePart | Missing | SameAs


@dataclass(frozen=True, slots=True)
class Leaf:
    """Ask one field (None: anywhere in the record) for a value that passes any of the tests."""

    field: str | None
    tests: tuple[Test, ...]


@dataclass(frozen=True, slots=True)
class And:
    """All hold."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """At least one holds."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """It does not hold."""

    part: Condition


@dataclass(frozen=True, slots=True)
class Always:
    """Known before any event is seen."""

    holds: bool


Condition = Leaf | And | Or | Not | Always

_CLASSES: dict[str, type[Any]] = {
    cls.__name__: cls for cls in (Text, Regex, Number, Cidr, TimePart, Missing, SameAs, Leaf, And, Or, Not, Always)
}


def conjunction(parts: Iterable[Condition]) -> Condition:
    """Join by and, dropping what is known."""
    flat = _flat(parts, And)
    if Always(False) in flat:
        return Always(False)
    rest = tuple(part for part in flat if part != Always(True))
    if not rest:
        return Always(True)
    return rest[0] if len(rest) == 1 else And(rest)


def disjunction(parts: Iterable[Condition]) -> Condition:
    """Join by or, dropping what is known and asking each field once."""
    flat = _flat(parts, Or)
    if Always(True) in flat:
        return Always(True)
    rest = _merged(part for part in flat if part != Always(False))
    if not rest:
        return Always(False)
    return rest[0] if len(rest) == 1 else Or(rest)


def negation(part: Condition) -> Condition:
    """Turn round."""
    if isinstance(part, Always):
        return Always(not part.holds)
    return part.part if isinstance(part, Not) else Not(part)


def _flat(parts: Iterable[Condition], joined: type[And] | type[Or]) -> list[Condition]:
    flat: list[Condition] = []
    for part in parts:
        flat.extend(part.parts if isinstance(part, And | Or) and isinstance(part, joined) else (part,))
    return list(dict.fromkeys(flat))


def _merged(parts: Iterable[Condition]) -> tuple[Condition, ...]:
    others: list[Condition] = []
    tests: dict[str | None, dict[Test, None]] = {}
    for part in parts:
        if isinstance(part, Leaf):
            tests.setdefault(part.field, {}).update(dict.fromkeys(part.tests))
        else:
            others.append(part)
    return (*(Leaf(field, tuple(asked)) for field, asked in tests.items()), *others)


def leaves(condition: Condition) -> list[Leaf]:
    """Give all leaves of a condition."""
    match condition:
        case Leaf():
            return [condition]
        case And(parts) | Or(parts):
            return [leaf for part in parts for leaf in leaves(part)]
        case Not(part):
            return leaves(part)
    return []


def fields(leaf: Leaf) -> list[str]:
    """Give the fields a leaf reads."""
    named = [leaf.field, *(test.field for test in leaf.tests if isinstance(test, SameAs))]
    return [name for name in named if name is not None]


def to_plain(term: Any) -> Any:
    """Turn a term into what JSON can hold."""
    name = type(term).__name__
    if name in _CLASSES:
        return {name: [to_plain(getattr(term, field.name)) for field in fields_of(term)]}
    return [to_plain(item) for item in term] if isinstance(term, tuple) else term


def from_plain(plain: Any) -> Any:
    """Turn back what `to_plain` gave."""
    if isinstance(plain, dict):
        ((name, values),) = plain.items()
        return _CLASSES[name](*(from_plain(value) for value in values))
    return tuple(from_plain(item) for item in plain) if isinstance(plain, list) else plain
