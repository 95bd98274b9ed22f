"""Find which tests one value passes: each distinct value of a column is looked at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cached_property
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from operator import ge, gt, le, lt, ne
from typing import Any, TypeGuard

from tocsin.pipeline.detect.expressions import compiled
from tocsin.pipeline.detect.patterns import ANYCASE, EXACT_CASE, LETTERS, UNICODE, Automaton, Compile, Pattern
from tocsin.pipeline.detect.terms import ANY, Cidr, Number, Regex, Test, Text, TimePart
from tocsin.pipeline.detect.text import fold, is_literal, literal, to_pattern

REMEMBERED = 512  # characters: longer values hardly come again
MOST = 50_000  # values remembered of one column; the engine bounds all of them together
_NUMERAL = re.compile(r"\s*([+-]?[0-9]{1,18})(\.[0-9]{1,18})?\s*", re.ASCII)
_COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {"lt": lt, "lte": le, "gt": gt, "gte": ge, "neq": ne}
_TIME: Mapping[str, Callable[[datetime], int]] = {
    "minute": lambda time: time.minute,
    "hour": lambda time: time.hour,
    "day": lambda time: time.day,
    "week": lambda time: time.isocalendar().week,
    "month": lambda time: time.month,
    "year": lambda time: time.year,
}


class Values:
    """Hold the tests of one column; ``terms`` gives the numbers of those a value passes."""

    def __init__(self, tests: Mapping[Test, int], compile_patterns: Compile, *, lines: bool = False) -> None:
        self._tests = tests
        self._compile = compile_patterns
        self._lines = lines
        self.memory: dict[str, tuple[int, ...]] = {}
        self._anycase: dict[str, list[int]] = {}
        self._cased: dict[str, list[int]] = {}
        self._numbers: dict[int | float, int] = {}
        self._others: list[Callable[[str], list[int]]] = []
        self._sort()

    def _sort(self) -> None:
        for test, term in self._tests.items():
            if isinstance(test, Text) and is_literal(test.glob):
                exact = literal(test.glob)
                if test.cased:
                    self._cased.setdefault(exact, []).append(term)
                else:
                    self._anycase.setdefault(fold(exact), []).append(term)
            elif isinstance(test, Number) and test.operator == "eq":
                self._numbers[test.number] = term
        for cls, build in ((Number, _compared), (Cidr, _networks), (TimePart, _times)):
            chosen = {test: term for test, term in self._tests.items() if isinstance(test, cls)}
            if chosen:
                self._others.append(build(chosen))

    def terms(self, value: str) -> tuple[int, ...]:
        """Give the numbers of the tests a value passes."""
        known = self.memory.get(value)
        if known is None:
            known = tuple(self._look(value))
            if len(value) <= REMEMBERED:
                if len(self.memory) >= MOST:
                    self.memory.clear()
                self.memory[value] = known
        return known

    def _look(self, value: str) -> list[int] | set[int]:
        found = self._one(value)
        if not (self._lines and "\n" in value):
            return found
        return {*found, *(term for line in value.split("\n") for term in self.terms(line))}

    def _one(self, value: str) -> list[int]:
        found: list[int] = []
        if self._anycase:
            found += self._anycase.get(fold(value), ())
        if self._cased:
            found += self._cased.get(value, ())
        if self._numbers and (number := numeral(value)) is not None and number in self._numbers:
            found.append(self._numbers[number])
        for other in self._others:
            found += other(value)
        return found + self._patterns(value)

    def _patterns(self, value: str) -> list[int]:
        if not value:
            return self._in_nothing
        order, automaton, slow = self._scanner
        numbers: list[int] = []
        automaton.scan(value.encode(), numbers)
        found = [order[number] for number in numbers]
        return found + [term for expression, term in slow if expression.search(value)] if slow else found

    @cached_property
    def _in_nothing(self) -> list[int]:
        """What an empty value passes: Hyperscan reports nothing in no bytes, and no glob with text fits it."""
        expressions = ((test, term) for test, term in self._tests.items() if isinstance(test, Regex))
        return [term for test, term in expressions if to_re2(test).search("")]

    @cached_property
    def _scanner(self) -> tuple[list[int], Automaton, list[tuple[Any, int]]]:
        """Compile on first use: plans are often asked only which columns they read."""
        wanted = {test: to_hyperscan(test) for test in self._tests if _is_pattern(test)}
        ordered = sorted(wanted, key=lambda test: (wanted[test].expression, wanted[test].flags))
        automaton = self._compile([wanted[test] for test in ordered])
        slow = [(to_re2(ordered[number]), self._tests[ordered[number]]) for number in sorted(automaton.refused)]
        return [self._tests[test] for test in ordered], automaton, slow


def _is_pattern(test: Test) -> TypeGuard[Regex | Text]:
    return isinstance(test, Regex) or (isinstance(test, Text) and not is_literal(test.glob))


def to_hyperscan(test: Regex | Text) -> Pattern:
    """Write a glob or a regular expression for Hyperscan."""
    if isinstance(test, Regex):
        flags = UNICODE
        for letter in test.flags:
            flags |= LETTERS[letter]
        return Pattern(test.pattern, flags)
    return Pattern(to_pattern(test), EXACT_CASE if test.cased else ANYCASE)


def to_re2(test: Regex | Text) -> Any:
    """Compile for RE2, which takes what Hyperscan does not and is linear too."""
    if isinstance(test, Regex):
        return compiled(test.pattern, test.flags)
    ways = (re.escape(part) if isinstance(part, str) else (".*" if part == ANY else ".") for part in test.glob)
    return compiled(f"\\A(?:{''.join(ways)})\\z", "s" if test.cased else "is")


def numeral(value: str) -> int | float | None:
    """Read a decimal number as rules write them; anything else is none."""
    read = _NUMERAL.fullmatch(value)
    if read is None:
        return None
    return float(value) if read[2] else int(value)


def _compared(tests: Mapping[Any, int]) -> Callable[[str], list[int]]:
    chosen = [(_COMPARE[test.operator], test.number, term) for test, term in tests.items() if test.operator != "eq"]

    def compared(value: str) -> list[int]:
        number = numeral(value) if chosen else None
        return [] if number is None else [term for holds, other, term in chosen if holds(number, other)]

    return compared


def _networks(tests: Mapping[Any, int]) -> Callable[[str], list[int]]:
    networks = [(ip_network(test.network), term) for test, term in tests.items()]

    def inside(value: str) -> list[int]:
        address = _address(value)
        return [] if address is None else [term for network, term in networks if address in network]

    return inside


def _address(value: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(value.strip())
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _times(tests: Mapping[Any, int]) -> Callable[[str], list[int]]:
    chosen = [(_TIME[test.part], test.number, term) for test, term in tests.items()]

    def parts(value: str) -> list[int]:
        try:
            time = datetime.fromisoformat(value)
            utc = time.astimezone(UTC) if time.tzinfo else time
        except (ValueError, OverflowError):
            return []
        return [term for part, number, term in chosen if part(utc) == number]

    return parts
