"""Find keywords anywhere in a record.

A keyword is looked for in each value of the record, not in its field names: in every string and number
of a JSON record, however deep, and in the whole line of any other. Taking every record apart would cost
more than all other rules together, so a sieve runs over the raw bytes first; its patterns also find
text that JSON has escaped. Only what stays in the sieve is taken apart.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

import orjson

from tocsin.pipeline.detect.patterns import ANYCASE, EXACT_CASE, Automaton, Compile, Pattern
from tocsin.pipeline.detect.terms import Regex, Test, Text
from tocsin.pipeline.detect.text import matches, to_raw_pattern
from tocsin.pipeline.detect.values import to_re2


class Keywords:
    """Hold the keywords of one kind of record; ``rows`` gives the rows each is found in."""

    def __init__(self, tests: Mapping[Test, int], compile_patterns: Compile) -> None:
        self._globs = {test: term for test, term in tests.items() if isinstance(test, Text)}
        self._regexes = [(to_re2(test), term) for test, term in tests.items() if isinstance(test, Regex)]
        self._compile = compile_patterns

    def rows(self, raws: Iterable[bytes]) -> dict[int, list[int]]:
        """Give the rows where each term is found."""
        ordered, sieve = self._sieve
        found: defaultdict[int, list[int]] = defaultdict(list)
        for row, raw in enumerate(raws):
            likely: list[int] = []
            sieve.scan(raw, likely)
            if likely or self._regexes:
                for term in self._confirmed(raw, [ordered[number] for number in likely]):
                    found[term].append(row)
        return found

    def _confirmed(self, raw: bytes, likely: Sequence[Text]) -> Iterator[int]:
        texts = list(_texts(raw))
        for test in likely:
            if any(matches(test, text) for text in texts):
                yield self._globs[test]
        for expression, term in self._regexes:
            if any(expression.search(text) for text in texts):
                yield term

    @cached_property
    def _sieve(self) -> tuple[list[Text], Automaton]:
        ordered = sorted(self._globs, key=lambda test: (to_raw_pattern(test), test.cased))
        patterns = [Pattern(to_raw_pattern(test), EXACT_CASE if test.cased else ANYCASE) for test in ordered]
        return ordered, self._compile(patterns)


def _texts(raw: bytes) -> Iterator[str]:
    if raw[:1] in b"{[" and raw:
        try:
            yield from _leaves(orjson.loads(raw))
            return
        except orjson.JSONDecodeError:
            pass  # not JSON after all: a line that begins with a brace
    yield raw.decode(errors="replace")


def _leaves(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for inner in value.values():
            yield from _leaves(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _leaves(inner)
    elif isinstance(value, bool):
        yield "true" if value else "false"
    elif value is not None:
        yield str(value)
