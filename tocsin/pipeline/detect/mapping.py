"""Which records a rule looks at, and what its fields are called there: read from `mappings/*.yaml`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, reduce
from importlib.resources import files
from importlib.resources.abc import Traversable
from types import MappingProxyType
from typing import Any

import yaml

from tocsin.pipeline.detect.errors import CannotRun, MappingError
from tocsin.pipeline.detect.rule import LogSource
from tocsin.pipeline.detect.terms import (
    Always,
    And,
    Condition,
    Leaf,
    Missing,
    Not,
    Number,
    Or,
    SameAs,
    Test,
    Text,
    conjunction,
    disjunction,
    negation,
)
from tocsin.pipeline.detect.text import matches
from tocsin.pipeline.detect.values import numeral
from tocsin.pipeline.schema.event import Kind
from tocsin.pipeline.schema.vocabulary import vocabulary

SOURCE_KEYS = {"sigma", "channels", "codes", "where", "fields", "subject", "lists", "open"}
FILE_KEYS = {"records", "open", "subject", "lists", "constants", "fields", "sources"}
_WORDS = {"product", "category", "service"}
_PARTS_OF_KIND = ("channel", "code")


@dataclass(frozen=True, slots=True)
class Scope:
    """Say which records belong to a log source (no channels or codes: all) and how fields are named in them.

    ``where`` narrows further by field values. In an ``open`` scope a field that is not in ``fields`` is
    taken as the record's own; elsewhere it is unknown. ``lists`` are columns that hold one value a line.
    """

    sigma: LogSource
    product: str
    channels: frozenset[str] | None = None
    codes: frozenset[str] | None = None
    where: tuple[tuple[str, tuple[str, ...]], ...] = ()
    fields: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    open: bool = False
    subject: tuple[str, ...] = ()
    lists: frozenset[str] = frozenset()
    constants: Mapping[str, str] = field(default_factory=dict)

    def covers(self, kind: Kind) -> bool:
        """Say whether records of a kind belong to this log source."""
        return (
            kind.product == self.product
            and (self.channels is None or kind.channel in self.channels)
            and (self.codes is None or kind.code in self.codes)
        )

    def columns(self, name: str) -> tuple[str, ...]:
        """Give the columns a Sigma field may stand in."""
        columns = self.fields.get(name)
        if columns is not None:
            return columns
        if not self.open:
            raise CannotRun(f"the field {name} is not known in the log source {self.sigma}", name)
        return (name,)

    def constant(self, name: str, kind: Kind) -> str | None:
        """Give the value a field has in every record of a kind, when the kind says so."""
        part = self.constants.get(name)
        return (kind.channel if part == "channel" else kind.code) or None if part else None

    def settled(self, condition: Condition, kind: Kind) -> Condition:
        """Decide what the kind alone decides: most rules are for other event ids."""
        match condition:
            case Leaf(str(name), tests) if name in self.constants:
                value = self.constant(name, kind)
                return condition if value is None else _decided(condition, tests, value)
            case And(parts):
                return conjunction(self.settled(part, kind) for part in parts)
            case Or(parts):
                return disjunction(self.settled(part, kind) for part in parts)
            case Not(part):
                return negation(self.settled(part, kind))
        return condition

    def narrowed(self, condition: Condition) -> Condition:
        """Add what the log source itself demands, and name columns in place of fields."""
        demands = [Leaf(name, tuple(Text((value,)) for value in values)) for name, values in self.where]
        return self._renamed(conjunction([*demands, condition]))

    def _renamed(self, condition: Condition) -> Condition:
        match condition:
            case Leaf(str(name), tests):
                return _spread(self.columns(name), tuple(self._tests(tests)))
            case And(parts) | Or(parts):
                return type(condition)(tuple(self._renamed(part) for part in parts))
            case Not(part):
                return Not(self._renamed(part))
        return condition

    def _tests(self, tests: Iterable[Test]) -> Iterator[Test]:
        for test in tests:
            if isinstance(test, SameAs):
                yield from (SameAs(column, test.starts, test.ends) for column in self.columns(test.field))
            else:
                yield test


def _spread(columns: tuple[str, ...], tests: tuple[Test, ...]) -> Condition:
    """Ask several columns: any may pass, but a value is missing only where it is missing in all."""
    if len(columns) == 1:
        return Leaf(columns[0], tests)
    asked = tuple(test for test in tests if test != Missing(True))
    parts: list[Condition] = [Leaf(column, asked) for column in columns if asked]
    if len(asked) < len(tests):
        parts.append(conjunction(Leaf(column, (Missing(True),)) for column in columns))
    return disjunction(parts)


def _decided(leaf: Leaf, tests: tuple[Test, ...], value: str) -> Condition:
    verdicts = [_verdict(test, value) for test in tests]
    if True in verdicts:
        return Always(True)
    return leaf if None in verdicts else Always(False)


def _verdict(test: Test, value: str) -> bool | None:
    """Say whether a value, of which the case is not known, passes; None when that cannot be said."""
    if isinstance(test, Text):
        return None if test.cased else matches(test, value)
    if isinstance(test, Missing):
        return not test.missing
    if isinstance(test, Number) and test.operator == "eq":
        return numeral(value) == test.number
    return None


def scopes_of(source: LogSource) -> tuple[Scope, ...]:
    """Give all records a rule's log source means; refuse one that no format here carries."""
    found = _matching(source)
    if not found:
        raise CannotRun(f"no format that is read here carries the log source {source or '(empty)'}", "logsource:")
    return found


def knowing(scopes: Iterable[Scope], condition: Condition) -> tuple[Scope, ...]:
    """Give the scopes that know every field of a condition; refuse when there is none."""
    found: list[Scope] = []
    unknown: CannotRun | None = None
    for scope in scopes:
        try:
            scope.narrowed(condition)
            found.append(scope)
        except CannotRun as error:
            unknown = unknown or error
    if unknown is not None and not found:
        raise unknown
    return tuple(found)


def _matching(source: LogSource) -> tuple[Scope, ...]:
    known = [scope for scope in scopes() if source.product in ("", scope.sigma.product)]
    if source.category and source.service:
        categories = [scope for scope in known if scope.sigma.category == source.category]
        services = [scope for scope in known if scope.sigma.service == source.service]
        return tuple(both for one in categories for other in services if (both := _both(one, other)))
    if source.category:
        return tuple(scope for scope in known if scope.sigma.category == source.category)
    if source.service:
        return tuple(scope for scope in known if scope.sigma.service == source.service)
    return tuple(scope for scope in known if source.product and not (scope.sigma.category or scope.sigma.service))


def _both(one: Scope, other: Scope) -> Scope | None:
    """Give the records that belong to a category and to a service."""
    channels, codes = _meet(one.channels, other.channels), _meet(one.codes, other.codes)
    if one.product != other.product or channels == frozenset() or codes == frozenset():
        return None
    return Scope(
        LogSource(one.sigma.product, one.sigma.category, other.sigma.service),
        one.product,
        channels,
        codes,
        (*one.where, *other.where),
        {**other.fields, **one.fields},
        one.open,
        one.subject,
        one.lists | other.lists,
        one.constants,
    )


def _meet(one: frozenset[str] | None, other: frozenset[str] | None) -> frozenset[str] | None:
    given = [held for held in (one, other) if held is not None]
    return reduce(frozenset.intersection, given) if given else None


@cache
def scopes() -> tuple[Scope, ...]:
    """Give every log source of every mapping file."""
    return tuple(scope for file in mapping_files() for scope in read_mapping(file))


def mapping_files() -> tuple[Traversable, ...]:
    """Give the mapping files, in order of their names."""
    folder = files(__package__).joinpath("mappings")
    return tuple(sorted((file for file in folder.iterdir() if file.name.endswith(".yaml")), key=lambda file: file.name))


def read_mapping(file: Traversable) -> Iterator[Scope]:
    """Read one mapping file."""
    try:
        document = yaml.safe_load(file.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise MappingError(f"{file.name}: {error}") from error
    if not isinstance(document, dict) or not {"records", "sources"} <= document.keys() <= FILE_KEYS:
        raise MappingError(f"{file.name}: give records and sources, and perhaps {', '.join(sorted(FILE_KEYS))}")
    for number, entry in enumerate(document["sources"], start=1):
        where = f"{file.name}, source {number}"
        if not isinstance(entry, dict) or "sigma" not in entry or not entry.keys() <= SOURCE_KEYS:
            raise MappingError(f"{where}: give sigma, and perhaps {', '.join(sorted(SOURCE_KEYS))}")
        yield _scope(document, entry, where)


def _scope(document: dict[str, Any], entry: dict[str, Any], where: str) -> Scope:
    if not set(entry["sigma"]) <= _WORDS:
        raise MappingError(f"{where}: sigma has product, category and service")
    scope = Scope(
        sigma=LogSource(**entry["sigma"]),
        product=document["records"],
        channels=_names(entry.get("channels")),
        codes=_names(entry.get("codes")),
        where=tuple((name, tuple(map(str, values))) for name, values in entry.get("where", {}).items()),
        fields=MappingProxyType(dict(_fields({**document.get("fields", {}), **entry.get("fields", {})}))),
        open=bool(entry.get("open", document.get("open", False))),
        subject=tuple(entry.get("subject", document.get("subject", ()))),
        lists=frozenset(entry.get("lists", document.get("lists", ()))),
        constants=MappingProxyType(document.get("constants", {})),
    )
    unknown = [column for column in scope.subject if column not in vocabulary()]
    if unknown or not set(scope.constants.values()) <= set(_PARTS_OF_KIND):
        raise MappingError(f"{where}: subjects are columns of the vocabulary, constants one of {_PARTS_OF_KIND}")
    return scope


def _fields(given: Mapping[str, str | list[str]]) -> Iterator[tuple[str, tuple[str, ...]]]:
    for name, columns in given.items():
        yield name, (columns,) if isinstance(columns, str) else tuple(columns)


def _names(values: Iterable[Any] | None) -> frozenset[str] | None:
    return None if values is None else frozenset(str(value).lower() for value in values)
