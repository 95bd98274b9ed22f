"""Hyperscan databases: all patterns of a column in one automaton, kept on disk once compiled."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
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
    """A compiled set: scan gives the numbers of the patterns found; ``refused`` are those it does not hold.

    It is one database, or several where Hyperscan finds the whole set too large for one.
    """

    databases: tuple[Any, ...]
    refused: frozenset[int]

    def scan(self, content: bytes, found: list[int]) -> None:
        """Append the number of each pattern found in the content."""
        for database in self.databases:
            database.scan(content, _note, context=found)


def _note(number: int, _start: int, _end: int, _flags: int, found: object) -> None:
    found.append(number)  # type: ignore[attr-defined]  # the list given as context


def automaton(patterns: Sequence[Pattern], store: Store) -> Automaton:
    """Compile patterns, or take them from the store when they were compiled before."""
    if not patterns:
        return Automaton((), frozenset())
    name = f"patterns-{_digest(patterns)}"
    kept = store.get(name)
    made = _restored(kept) if kept is not None else None
    if made is None:
        made = _compiled(patterns)
        store.put(name, _dumped(made))
    return made


def _digest(patterns: Sequence[Pattern]) -> str:
    listed = orjson.dumps([[pattern.expression, pattern.flags] for pattern in patterns])
    return digest(_version(), listed)


def _version() -> bytes:
    database = hyperscan.Database(mode=MODE)
    database.compile([b"a"], ids=[0], flags=[0])
    version: bytes | str = database.info()
    return version if isinstance(version, bytes) else version.encode()


def _dumped(made: Automaton) -> bytes:
    dumps = [hyperscan.dumpb(database) for database in made.databases]
    head = orjson.dumps({"refused": sorted(made.refused), "sizes": [len(dump) for dump in dumps]})
    return b"\n".join((head, b"".join(dumps)))


def _restored(entry: bytes) -> Automaton | None:
    head, _, dumps = entry.partition(b"\n")
    try:
        told = orjson.loads(head)
        ends = list(accumulate(told["sizes"]))
        databases = [_loaded(dumps[end - size : end]) for end, size in zip(ends, told["sizes"], strict=True)]
        return Automaton(tuple(databases), frozenset(told["refused"]))
    except (hyperscan.error, orjson.JSONDecodeError, KeyError, TypeError) as error:
        logger.warning("a pattern database in the cache does not fit this machine and is made again: %s", error)
        return None


def _loaded(dump: bytes) -> Any:
    database = hyperscan.loadb(dump, MODE)
    database.scratch = hyperscan.Scratch(database)
    return database


def _compiled(patterns: Sequence[Pattern]) -> Automaton:
    everything = range(len(patterns))
    try:
        return Automaton((_database(patterns, everything),), frozenset())
    except hyperscan.error:
        taken = [number for number in everything if _takes(patterns[number])]
        return Automaton(tuple(_halved(patterns, taken)), frozenset(everything) - frozenset(taken))


def _halved(patterns: Sequence[Pattern], numbers: Sequence[int]) -> Iterator[Any]:
    """Compile patterns each of which is fine alone, in halves where they are too many for one database."""
    if not numbers:
        return
    try:
        yield _database(patterns, numbers)
    except hyperscan.error:
        if len(numbers) == 1:
            raise
        middle = len(numbers) // 2
        yield from _halved(patterns, numbers[:middle])
        yield from _halved(patterns, numbers[middle:])


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
