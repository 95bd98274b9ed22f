"""Pattern databases: what does not fit goes elsewhere, what was compiled is kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import hyperscan
import pytest

from tests.pipeline.detect.building import fires
from tocsin.pipeline.detect import patterns
from tocsin.pipeline.detect.patterns import ANYCASE, UNICODE, Pattern, automaton
from tocsin.pipeline.detect.store import Store

TOO_LARGE = ".{1,500}a.{1,500}b.{1,500}c"


def _found(made: patterns.Automaton, content: bytes) -> list[int]:
    found: list[int] = []
    made.scan(content, found)
    return sorted(found)


def test_it_reports_each_pattern_once() -> None:
    made = automaton([Pattern("a", ANYCASE), Pattern("b", ANYCASE)], Store(None))
    assert _found(made, b"xAaAb") == [0, 1]


def test_nothing_to_look_for_finds_nothing() -> None:
    assert _found(automaton([], Store(None)), b"a") == []


def test_it_says_which_patterns_it_does_not_take(tmp_path: Path) -> None:
    wanted = [Pattern("a", ANYCASE), Pattern("(?<=a)b", UNICODE), Pattern("c", ANYCASE)]
    for _ in range(2):  # compiled, then from the store
        made = automaton(wanted, Store(tmp_path))
        assert made.refused == {1}
        assert _found(made, b"abc") == [0, 2]


def test_too_many_for_one_database_are_split(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    whole = patterns._database

    def narrow(wanted: Any, numbers: Any) -> Any:
        if len(numbers) > 2:
            raise hyperscan.error("too large")
        return whole(wanted, numbers)

    monkeypatch.setattr(patterns, "_database", narrow)
    wanted = [Pattern(letter, ANYCASE) for letter in "abcde"]
    for _ in range(2):
        made = automaton(wanted, Store(tmp_path))
        assert len(made.databases) > 1
        assert _found(made, b"edcba") == [0, 1, 2, 3, 4]


def test_an_expression_too_large_for_hyperscan_still_works(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patterns, "_takes", lambda pattern: "500" not in pattern.expression)
    assert fires({"A|re": [TOO_LARGE, "z"]}, {"A": "xaxbxc"})
    assert not fires({"A|re": [TOO_LARGE, "z"]}, {"A": "xaxbx"})
