"""The engine gives every record once, whatever the sizes of the chunks and wherever the work goes on."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import BinaryIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.pipeline.detect.rule import Hit, LogSource, Rule
from tocsin.pipeline.engines.chunk import Chunk
from tocsin.pipeline.engines.local import Tools, process
from tocsin.pipeline.engines.stretch import forward
from tocsin.pipeline.enrich.ownership import Asset, Ownership
from tocsin.pipeline.parsers.errors import ContentError, TruncatedContent
from tocsin.pipeline.parsers.format import Format
from tocsin.pipeline.parsers.lines import lines
from tocsin.pipeline.schema.event import Batch, Kind, Reading, Record, Reject
from tocsin.pipeline.schema.want import Want

RECEIVED = datetime(2026, 11, 23, tzinfo=UTC)
KIND = Kind("linux", "test")
RULE = Rule("r", "A rule", "high", "test", (), "r.yml", "1", ("source.ip", "host.name"), LogSource("linux"))


def read(stream: BinaryIO, reading: Reading) -> Iterator[Record | Reject]:
    """Read lines of `host address`; a line `! name` sets the host of those after it."""
    for item in lines(stream, reading):
        if isinstance(item, Reject):
            yield item
            continue
        offset, raw = item
        if raw.startswith(b"!"):
            reading.state["host"] = raw[1:].decode()
            continue
        if raw.startswith(b"bad"):
            yield Reject(offset, raw, "bad")
            continue
        yield Record(KIND, offset, raw, {"source.ip": raw.decode(), "host.name": reading.state.get("host")})


PLAIN = Format("plain", lambda head: True, read)
WHOLE = Format("whole", lambda head: True, read, appendable=False)


class Every:
    """Hits each row."""

    def detect(self, batch: Batch) -> Sequence[Hit]:
        return [Hit(RULE, row) for row in range(batch.table.num_rows)]


TOOLS = Tools(Want(), Ownership([Asset("prefix", "192.0.2.0/24", "DEPA")]), Every(), "INST")


def run(content: bytes, chunk: int = 3, format_: Format = PLAIN, limit: int | None = None) -> list[Chunk]:
    return list(process(io.BytesIO(content), format_, Reading(RECEIVED), TOOLS, records=chunk, limit=limit))


def facts(chunks: Sequence[Chunk]) -> list[tuple[int, str, str]]:
    rows = [row for chunk in chunks for batch in chunk.batches for row in batch.table.to_pylist()]
    return sorted((row["record"], row["source.ip"], row.get("host.name") or "") for row in rows)


CONTENT = b"!a\n192.0.2.1\n192.0.2.2\nbad\n\n!b\n203.0.113.9\n192.0.2.4\n!c\n192.0.2.5\n"


def test_it_counts_events_and_rejects_apart() -> None:
    chunks = run(CONTENT)
    assert [(chunk.first, chunk.records, chunk.events) for chunk in chunks] == [(1, 3, 2), (4, 3, 3)]
    assert [number for chunk in chunks for number, _ in chunk.rejects] == [3]
    assert [chunk.finished for chunk in chunks] == [False, True]
    assert chunks[-1].offset == len(CONTENT)


def test_it_says_whose_an_event_is_and_what_a_hit_is_about() -> None:
    hits = [hit for chunk in run(CONTENT) for hit in chunk.hits]
    assert [(hit.record, hit.organisations) for hit in hits] == [
        (1, ("DEPA",)),
        (2, ("DEPA",)),
        (4, ("INST",)),
        (5, ("DEPA",)),
        (6, ("DEPA",)),
    ]
    assert {(hit.subject_kind, hit.time) for hit in hits} == {("address", RECEIVED)}
    assert hits[2].subject == "203.0.113.9"
    assert hits[2].raw == b"203.0.113.9"


def test_a_hit_without_its_first_subject_is_about_the_next() -> None:
    (hit,) = run(b"!host9\nno address\n")[0].hits
    assert (hit.subject_kind, hit.subject) == ("host", "host9")


@given(
    st.lists(st.sampled_from([b"192.0.2.1", b"bad", b"!x", b"!y", b"", b"10.0.0.1\r"]), max_size=30), st.integers(1, 7)
)
def test_going_on_after_any_chunk_gives_the_rest(rows: list[bytes], size: int) -> None:
    content = b"\n".join(rows)
    whole = run(content, 1000)
    for format_ in (PLAIN, WHOLE):
        chunks = run(content, size, format_)
        assert facts(chunks) == facts(whole)
        for done in range(len(chunks)):
            last = chunks[done]
            stream = io.BytesIO(content)
            start = last.offset if format_.appendable else 0
            forward(stream, start)
            reading = Reading(RECEIVED, start=start, state=dict(last.state) if format_.appendable else {})
            rest = list(process(stream, format_, reading, TOOLS, after=last.first + last.records - 1, records=size))
            assert facts([*chunks[: done + 1], *rest]) == facts(whole)


def test_it_reads_no_further_than_the_limit() -> None:
    assert facts(run(CONTENT, limit=13)) == [(1, "192.0.2.1", "a")]


def test_it_ends_a_chunk_when_its_records_are_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tocsin.pipeline.engines.local.BYTES", 20)
    assert [chunk.records for chunk in run(b"192.0.2.1\n" * 10, 1000)] == [3, 3, 3, 1]


class Broken(io.BytesIO):
    """A stream that breaks off where it ends."""

    def read(self, size: int | None = -1, /) -> bytes:
        piece = super().read(size)
        if not piece:
            raise TruncatedContent("ends early")
        return piece


def test_what_can_be_read_is_given_before_the_failure() -> None:
    source = process(Broken(b"192.0.2.1\n192.0.2.2\n"), PLAIN, Reading(RECEIVED), TOOLS)
    chunk = next(source)
    assert (chunk.records, chunk.finished) == (2, False)
    with pytest.raises(ContentError, match="ends early"):
        next(source)


def test_nothing_but_blank_lines_is_one_empty_chunk() -> None:
    (chunk,) = run(b"\n\n")
    assert (chunk.first, chunk.records, chunk.finished, chunk.offset) == (1, 0, True, 2)
