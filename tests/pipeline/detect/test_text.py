"""Text compares as Windows compares it, and patterns say the same as the plain comparison."""

from __future__ import annotations

import re

import hyperscan
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.pipeline.detect.terms import ANY, ONE, Text
from tocsin.pipeline.detect.text import fold, forms, matches, to_pattern, to_raw_pattern
from tocsin.pipeline.detect.values import to_re2

ALPHABET = 'abKkéÉßſ\N{KELVIN SIGN}σςΣДд.\\*\n"/'
GLOBS = st.lists(st.text(ALPHABET, min_size=1, max_size=2) | st.sampled_from([ANY, ONE]), max_size=5).map(tuple)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("A", "a", True),
        ("É", "é", True),
        ("Д", "д", True),
        ("K", "\N{KELVIN SIGN}", False),
        ("ß", "SS", False),
        ("ſ", "s", False),
    ],
)
def test_case_folds_one_character_to_one_of_its_script(one: str, other: str, same: bool) -> None:
    assert (fold(one) == fold(other)) is same


def test_all_forms_of_a_character_fold_alike() -> None:
    for code in range(0x110000):
        character = chr(code)
        if not 0xD800 <= code < 0xE000 and character.lower() != character.upper():
            assert {fold(form) for form in forms(character)} == {fold(character)}
            assert character in forms(character)


def _patterned(pattern: str, value: str) -> bool:
    """Read a pattern over bytes, which Python can do too once it is spelled its way."""
    expression = pattern.replace("\\z", "\\Z").encode("ascii")
    return re.search(expression, value.encode(), re.DOTALL | re.IGNORECASE) is not None


@given(glob=GLOBS, value=st.text(ALPHABET, max_size=6))
def test_patterns_say_what_the_plain_comparison_says(glob: tuple[str | int, ...], value: str) -> None:
    test = Text(glob)
    assert _patterned(to_pattern(test), value) == matches(test, value)


@given(glob=GLOBS, value=st.text(ALPHABET, max_size=6))
def test_the_sieve_lets_everything_through_that_matches(glob: tuple[str | int, ...], value: str) -> None:
    test = Text((ANY, *glob, ANY))
    if matches(test, value):
        assert _patterned(to_raw_pattern(test), value)
        assert re.search(to_raw_pattern(test).encode(), _as_json(value), re.DOTALL | re.IGNORECASE)


def _as_json(value: str) -> bytes:
    return "".join(f"\\u{ord(char):04x}" if ord(char) > 126 else _short(char) for char in value).encode()


def _short(character: str) -> str:
    return {"\n": "\\n", '"': '\\"', "\\": "\\\\", "/": "\\/"}.get(character, character)


def test_what_hyperscan_does_not_take_goes_to_re2() -> None:
    test = Text(("a.", ANY, "É", ONE), cased=False)
    assert to_re2(test).search("A.xxé!")
    assert not to_re2(test).search("A.xxé")
    database = hyperscan.Database()
    database.compile([to_pattern(test).encode()], ids=[0], flags=[hyperscan.HS_FLAG_CASELESS])
