"""Records are found in a stream whatever stands around them, and one that is broken stops no other."""

from __future__ import annotations

import io
import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.rooms.exchange.knowledge import split

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
OBJECTS = st.dictionaries(st.text(alphabet="abc", max_size=3), VALUES, max_size=4)


class Dripping(io.RawIOBase):
    """A stream that gives a few bytes at a time."""

    def __init__(self, content: bytes, size: int) -> None:
        self._content, self._size = io.BytesIO(content), size

    def read(self, size: int = -1) -> bytes:
        return self._content.read(self._size)


def found(content: bytes, *lists: str, size: int = 1 << 20) -> list[split.Unit]:
    return list(split.units(Dripping(content, size), lists))  # type: ignore[arg-type]


def same(value: Any) -> Any:
    return json.loads(json.dumps(split.cleaned(value)))


@given(st.lists(OBJECTS, max_size=5), st.sampled_from([1, 7, 64, 1 << 20]), st.sampled_from([None, 2]), st.booleans())
def test_every_record_is_found_however_it_arrives(
    records: list[Any], size: int, indent: int | None, ascii_: bool
) -> None:
    array = json.dumps(records, indent=indent, ensure_ascii=ascii_).encode("utf-8", "surrogatepass")
    envelope = b'{"count": 1, "results": ' + array + b', "next": null}'
    glued = b"\n".join(json.dumps(each).encode() for each in records)
    for content in (array, envelope, envelope + array, glued):
        read = [split.read(unit.raw) for unit in found(content, "results", size=size)]
        times = 2 if content == envelope + array else 1
        assert [same(each) for each in read] == [same(each) for each in records] * times


@given(st.binary(max_size=300), st.integers(1, 7))
def test_anything_else_ends_and_says_where(content: bytes, size: int) -> None:
    for unit in found(content, "results", size=size):
        assert 1 <= unit.line <= content.count(b"\n") + 1
        if not unit.problem:
            with suppress(ValueError):
                split.read(unit.raw)


@given(st.lists(OBJECTS.map(json.dumps) | st.text(alphabet='{}[]",:\\ ab1', max_size=12), max_size=8))
def test_a_broken_line_ends_with_its_line(lines: list[str]) -> None:
    content = "\n".join(lines).encode()
    read = list(split.lines(io.BytesIO(content)))
    wanted = [number for number, line in enumerate(content.split(b"\n"), 1) if line.strip(split.SPACE)]
    assert [unit.line for unit in read] == wanted


def test_one_broken_record_leaves_the_others() -> None:
    content = b'[{"a": 1},\n {"a": tru},\n {"a": 1e400},\n {"a": NaN, "b": "\\ud800\\u0000"},\n {"a": 5}]'
    units = found(content)
    assert [unit.line for unit in units] == [1, 2, 3, 4, 5]
    with pytest.raises(ValueError, match="not JSON"):
        split.read(units[1].raw)
    assert split.read(units[2].raw) == {"a": None}
    assert split.read(units[3].raw) == {"a": None, "b": "?\ufffd"}
    assert split.read(units[4].raw) == {"a": 5}


def test_what_is_too_deep_or_too_long_is_passed_by() -> None:
    deep = b'[{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b'}, {"b": 2}]'
    first, second = found(deep)
    assert (first.problem, second.raw) == (split.TOO_DEEP, b'{"b": 2}')
    long = b'[{"a": "' + b"x" * (split.LONGEST + 5) + b'"}, {"b": 2}]'
    first, second = found(long)
    assert (first.problem, len(first.raw) <= 2_000, second.raw) == (split.TOO_LONG, True, b'{"b": 2}')


def test_an_open_end_is_said() -> None:
    assert [unit.problem for unit in found(b'[{"a": 1}, {"b": ')] == ["", split.ENDS_EARLY, split.ENDS_EARLY]
    assert found(b'{"results": [{"a": 1}', "results")[-1].problem == split.ENDS_EARLY
    assert found(b"[" * 100_000)[0].problem == split.TOO_DEEP
