"""The compiled plan: all rules as one, and for each kind of record the part that concerns it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from threading import Lock
from typing import Any

import orjson

from tocsin import __version__
from tocsin.pipeline.detect.kindplan import KindPlan
from tocsin.pipeline.detect.mapping import Scope, knowing, mapping_files, scopes_of
from tocsin.pipeline.detect.patterns import Automaton, Pattern, automaton
from tocsin.pipeline.detect.rule import LogSource, Refusal, Rule
from tocsin.pipeline.detect.rules import Loaded, load, read_files
from tocsin.pipeline.detect.store import Store, digest
from tocsin.pipeline.detect.terms import Condition, disjunction, fields, from_plain, leaves, to_plain
from tocsin.pipeline.schema.event import Kind
from tocsin.pipeline.schema.vocabulary import vocabulary
from tocsin.pipeline.schema.want import Want

LAYOUT = "2"  # of the cached plan; raise it when terms or translation change
MAX_KINDS = 5_000  # hostile records can name any channel and code


class Plan:
    """Hold every rule that runs, the refused ones, and what each kind of record needs."""

    def __init__(self, loaded: Loaded, store: Store) -> None:
        self.rules = tuple(rule for rule, _ in loaded.rules)
        self.refused = tuple(loaded.refused)
        self.lock = Lock()  # held while scanning: a Hyperscan database has one scratch space
        self._store = store
        self._kinds: dict[Kind, KindPlan] = {}
        self._shared: dict[tuple[tuple[int, Condition], ...], KindPlan] = {}
        self._by_scope = _by_scope(loaded.rules)

    def native(self, kind: Kind) -> frozenset[str]:
        """Give the native fields the rules read in records of a kind."""
        return self.of(kind).columns - vocabulary().keys()

    def ecs(self, kind: Kind) -> frozenset[str]:
        """Give the vocabulary's columns the rules read in records of a kind, subjects among them."""
        plan = self.of(kind)
        return (plan.columns & vocabulary().keys()) | plan.subjects

    def want(self, also: Iterable[str] = ()) -> Want:
        """Say which columns to build for this plan, and ``also`` some of the vocabulary's."""
        read = {name for _, conditions in self._by_scope for _, condition in conditions for name in _fields(condition)}
        subjects = {column for rule in self.rules for column in rule.subject}
        return Want(frozenset((read & vocabulary().keys()) | subjects | set(also)), self.native)

    def of(self, kind: Kind) -> KindPlan:
        """Give the part of the plan that concerns a kind of record."""
        plan = self._kinds.get(kind)
        if plan is None:
            if len(self._kinds) >= MAX_KINDS:
                self._kinds.clear()
                self._shared.clear()
            plan = self._kinds[kind] = self._for(kind)
        return plan

    def forget(self) -> None:
        """Drop what was remembered of values seen."""
        for plan in self._shared.values():
            plan.forget()

    def _for(self, kind: Kind) -> KindPlan:
        asked: defaultdict[int, list[Condition]] = defaultdict(list)
        lists: set[str] = set()
        for scope, conditions in self._by_scope:
            if scope.covers(kind):
                lists |= scope.lists
                for number, condition in conditions:
                    asked[number].append(scope.settled(condition, kind))
        joined = {number: disjunction(conditions) for number, conditions in sorted(asked.items())}
        key = tuple(joined.items())
        plan = self._shared.get(key)
        if plan is None:
            rules = [(self.rules[number], condition) for number, condition in key]
            plan = self._shared[key] = KindPlan(rules, frozenset(lists), self._compile)
        return plan

    def _compile(self, patterns: Sequence[Pattern]) -> Automaton:
        return automaton(patterns, self._store)


def _fields(condition: Condition) -> Iterator[str]:
    for leaf in leaves(condition):
        yield from fields(leaf)


def _by_scope(rules: Iterable[tuple[Rule, Condition]]) -> list[tuple[Scope, list[tuple[int, Condition]]]]:
    grouped: dict[int, tuple[Scope, list[tuple[int, Condition]]]] = {}
    for number, (rule, condition) in enumerate(rules):
        for scope in knowing(scopes_of(rule.source), condition):
            _, conditions = grouped.setdefault(id(scope), (scope, []))
            conditions.append((number, scope.narrowed(condition)))
    return list(grouped.values())


def compile_plan(paths: Sequence[Path], *, cache: Path | None) -> Plan:
    """Compile the rules in files and folders, or take the plan from the cache when nothing changed."""
    store = Store(cache)
    contents = read_files(paths)
    name = f"plan-{_key(contents)}"
    kept = store.get(name)
    loaded = _restored(kept) if kept is not None else None
    if loaded is None:
        loaded = load(contents)
        store.put(name, _dumped(loaded))
    return Plan(loaded, store)


def _key(contents: Mapping[str, bytes | Refusal]) -> str:
    mappings = [file.read_bytes() for file in mapping_files()]
    given = (part for path, content in contents.items() for part in (path.encode(), _plain(content)))
    return digest(LAYOUT.encode(), __version__.encode(), *mappings, *given)


def _plain(content: bytes | Refusal) -> bytes:
    return str(content).encode() if isinstance(content, Refusal) else content


def _dumped(loaded: Loaded) -> bytes:
    rules = [[asdict(rule), to_plain(condition)] for rule, condition in loaded.rules]
    return orjson.dumps({"rules": rules, "refused": [asdict(refusal) for refusal in loaded.refused]})


def _restored(entry: bytes) -> Loaded | None:
    try:
        held = orjson.loads(entry)
        rules = [(_rule(plain), from_plain(condition)) for plain, condition in held["rules"]]
        return Loaded(rules, [Refusal(**plain) for plain in held["refused"]])
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
        return None  # written by another version


def _rule(plain: dict[str, Any]) -> Rule:
    source = LogSource(**plain.pop("source"))
    techniques, subject = tuple(plain.pop("techniques")), tuple(plain.pop("subject"))
    return Rule(**plain, techniques=techniques, subject=subject, source=source)
