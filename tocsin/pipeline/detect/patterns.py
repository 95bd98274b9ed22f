"""Hyperscan databases: all patterns of a column in one automaton, kept on disk once compiled."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import hyperscan
import orjson

from tocsin.pipeline.detect.store import Store, digest

logger = logging.getLogger(__name__)

MODE = hyperscan.HS_MODE_BLOCK
ONCE = hyperscan.HS_FLAG_SINGLEMATCH | hyperscan.HS_FLAG_ALLOWEMPTY
ANYCASE = hyperscan.HS_FLAG_CASELESS | hyperscan.HS_FLAG_DOTALL | ONCE
EXACT_CASE = hyperscan.HS_FLAG_DOTALL | ONCE
UNICODE = hyperscan.HS_FLAG_UTF8 | ONCE
LETTERS = {"i": hyperscan.HS_FLAG_CASELESS, "m": hyperscan.HS_FLAG_MULTILINE, "s": hyperscan.HS_FLAG_DOTALL}


@dataclass(frozen=True, slots=True)
class Pattern:
    """An expression in Hyperscan's dialect and its flags."""

    expression: str
    flags: int


@dataclass(frozen=True, slots=True)
class Automaton:
    """A compiled set: scan gives the numbers of the patterns found; ``refused`` are those it does not hold."""

    database: Any
    refused: frozenset[int]

    def scan(self, content: bytes, found: list[int]) -> None:
        """Append the number of each pattern found in the content."""
        if self.database is not None:
            self.database.scan(content, _note, context=found)


def _note(number: int, _start: int, _end: int, _flags: int, found: object) -> None:
    found.append(number)  # type: ignore[attr-defined]  # the list given as context


def automaton(patterns: Sequence[Pattern], store: Store) -> Automaton:
    """Compile patterns, or take them from the store when they were compiled before."""
    name = f"patterns-{_digest(patterns)}"
    kept = store.get(name)
    made = _restored(kept) if kept is not None else None
    if made is None:
        made = _compiled(patterns)
        dumped = b"" if made.database is None else hyperscan.dumpb(made.database)
        store.put(name, orjson.dumps(sorted(made.refused)) + b"\n" + dumped)
    return made


def _digest(patterns: Sequence[Pattern]) -> str:
    listed = orjson.dumps([[pattern.expression, pattern.flags] for pattern in patterns])
    return digest(_version(), listed)


def _version() -> bytes:
    database = hyperscan.Database(mode=MODE)
    database.compile([b"a"], ids=[0], flags=[0])
    version: bytes | str = database.info()
    return version if isinstance(version, bytes) else version.encode()


def _restored(entry: bytes) -> Automaton | None:
    refused, _, dumped = entry.partition(b"\n")
    if not dumped:
        return Automaton(None, frozenset(orjson.loads(refused)))
    try:
        database = hyperscan.loadb(dumped, MODE)
        database.scratch = hyperscan.Scratch(database)
    except hyperscan.error as error:
        logger.warning("a pattern database in the cache does not fit this machine and is made again: %s", error)
        return None
    return Automaton(database, frozenset(orjson.loads(refused)))


def _compiled(patterns: Sequence[Pattern]) -> Automaton:
    try:
        return Automaton(_database(patterns, range(len(patterns))), frozenset())
    except hyperscan.error:
        taken = [number for number, pattern in enumerate(patterns) if _takes(pattern)]
        refused = frozenset(range(len(patterns))) - frozenset(taken)
        return Automaton(_database(patterns, taken) if taken else None, refused)


def _takes(pattern: Pattern) -> bool:
    try:
        _database([pattern], range(1))
    except hyperscan.error:
        return False
    return True


def _database(patterns: Sequence[Pattern], numbers: Sequence[int]) -> Any:
    database = hyperscan.Database(mode=MODE)
    database.compile(
        expressions=[patterns[number].expression.encode() for number in numbers],
        ids=list(numbers),
        flags=[patterns[number].flags for number in numbers],
    )
    return database


Compile = Callable[[Sequence[Pattern]], Automaton]
