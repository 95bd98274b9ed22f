"""Objects spread over lines or strung in an array are cut into single ones; a broken one costs only itself."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.pipeline.parsers.documents import documents
from tocsin.pipeline.parsers.lines import LIMIT
from tocsin.pipeline.schema.event import Reading, Reject

OBJECTS = st.lists(
    st.dictionaries(st.text(max_size=5), st.text(max_size=8) | st.lists(st.text(max_size=3)) | st.just({"a": "}"}))
)


def cut(content: bytes, reading: Reading | None = None) -> list[tuple[int, bytes] | Reject]:
    return list(documents(io.BytesIO(content), reading or Reading(datetime(2026, 3, 2, tzinfo=UTC))))


@pytest.mark.parametrize("indent", [None, 0, 2])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@given(objects=OBJECTS)
@settings(max_examples=50, deadline=None)
def test_an_array_is_cut_into_its_objects(indent: int | None, encoding: str, objects: list[object]) -> None:
    content = json.dumps(objects, indent=indent, ensure_ascii=False).encode(encoding)
    found = cut(content)
    assert [json.loads(item[1]) for item in found] == objects
    plain = "utf-16-le" if encoding == "utf-16" else "utf-8"
    assert all(content[item[0] :].startswith(item[1].decode().encode(plain)) for item in found)


def test_reading_resumes_at_an_offset_within_an_array() -> None:
    content = json.dumps([{"n": n} for n in range(9)], indent=1).encode()
    offset = cut(content)[4][0]
    resumed = Reading(datetime(2026, 3, 2, tzinfo=UTC), start=offset)
    rest = cut(content[offset:], resumed)
    assert [json.loads(item[1])["n"] for item in rest] == [4, 5, 6, 7, 8]
    assert rest[0][0] == offset


def test_a_broken_object_costs_only_itself() -> None:
    content = b'[\n {\n  "a": "x,\n  "b": 1\n },\n {\n  "a": 2\n }\n]'
    first, second = cut(content)
    assert isinstance(first, Reject)
    assert "not closed" in first.reason
    assert not isinstance(second, Reject)
    assert json.loads(second[1]) == {"a": 2}


def test_what_is_no_object_is_rejected_where_it_stands() -> None:
    found = cut(b'{"a": 1}\nRecord 2\n{"a": 2}')
    assert [isinstance(item, Reject) for item in found] == [False, True, False]
    assert found[1] == Reject(9, b"Record 2", "not a JSON object")


def test_an_object_that_is_too_large_is_rejected_and_the_next_one_read() -> None:
    found = cut(b'{"a": "' + b"x" * LIMIT + b'"}\n{\n"a": 2}')
    assert [isinstance(item, Reject) for item in found] == [True, False]


def test_an_object_cut_short_is_rejected() -> None:
    (only,) = cut(b'{\n "a": {')
    assert isinstance(only, Reject)
    assert only.reason == "the record ends early"
