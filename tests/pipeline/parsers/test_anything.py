"""Any bytes at all: nothing but documented errors, no hanging, and nothing lost without a trace."""

from __future__ import annotations

import io
import random
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.pipeline.parsers.event_log import event_log, logon
from tests.pipeline.parsers.test_samples import inputs
from tocsin.pipeline.parsers.columns import to_batches
from tocsin.pipeline.parsers.opening import open_content
from tocsin.pipeline.parsers.registry import formats
from tocsin.pipeline.schema.event import Reading, Record, Reject
from tocsin.pipeline.schema.want import Want

LINE_FORMATS = ["access_log", "syslog", "zeek", "windows_json"]
PIECES = st.sampled_from(
    [
        *(b"\n", b"\r\n", b"\0", b'"', b"\\", b"{", b"}", b"[", b"]", b" ", b"\t", b"#fields\tts\tuid\n", b"\xff\xfe"),
        *(b"Mar  1 10:00:00 ", b"<34>1 ", b"gate sshd[1]: ", b"Failed password for ", b" from 192.0.2.1 port 22 ssh2"),
        *(b'{"EventID":1,"Channel":"Security"}', b'"Event":{"System":{"EventID":', b'{"ts":1,"uid":"x"}', b"\xc3"),
        *(b'192.0.2.1 - - [01/Mar/2026:10:00:00 +0000] "GET / HTTP/1.1" 200 1', b"#separator \\x09\n", b"\\x0a", b"-"),
    ]
)
CONTENT = st.lists(PIECES | st.binary(max_size=12), max_size=40).map(b"".join)
WHOLE = Want(None, lambda _kind: frozenset({"Data", "message", "TargetUserName", "query"}))


def reading() -> Reading:
    return Reading(datetime(2026, 3, 2, tzinfo=UTC))


def taken(name: str, content: bytes) -> list[Record | Reject]:
    items = list(formats()[name].read(io.BytesIO(content), reading()))
    records = [(number, item) for number, item in enumerate(items, start=1) if isinstance(item, Record)]
    assert sum(batch.table.num_rows for batch in to_batches(records, WHOLE)) == len(records)
    return items


@pytest.mark.parametrize("name", LINE_FORMATS)
@given(content=CONTENT)
@settings(max_examples=150, deadline=None)
def test_any_content_becomes_records_and_rejects(name: str, content: bytes) -> None:
    taken(name, content)


@pytest.mark.parametrize("name", ["access_log", "syslog"])
@given(content=CONTENT)
@settings(max_examples=150, deadline=None)
def test_every_line_becomes_exactly_one_record_or_reject(name: str, content: bytes) -> None:
    content = b"x" + content.replace(b"\xff\xfe", b"")  # no byte order mark
    expected = [line for line in content.split(b"\n") if line.strip()]
    items = taken(name, content)
    assert [item.raw for item in items] == [line.rstrip(b"\r") for line in expected]
    assert all(content[item.offset : item.offset + len(item.raw)] == item.raw for item in items)


@given(content=CONTENT)
@settings(max_examples=100, deadline=None)
def test_every_line_of_json_becomes_exactly_one_record_or_reject(content: bytes) -> None:
    head = b'{"EventID":1,"Channel":"Security"}\n'
    content = head + content
    items = taken("windows_json", content)
    assert [item.raw for item in items] == [line.rstrip(b"\r") for line in content.split(b"\n") if line.strip()]


@pytest.mark.parametrize("name", sorted(formats()))
@given(content=st.binary(max_size=400))
@settings(max_examples=100, deadline=None)
def test_noise_is_survived_by_every_format(name: str, content: bytes) -> None:
    taken(name, content)
    formats()[name].sniff(content)


@pytest.mark.parametrize("sample", inputs(), ids=lambda sample: f"{sample.parent.name}/{sample.name}")
def test_damaged_samples_are_survived(sample: object) -> None:
    with open_content(sample) as stream:  # type: ignore[arg-type]  # parametrised with paths
        whole = stream.read(80_000)
    chance = random.Random(7)
    for _ in range(100):
        content = bytearray(whole[: chance.choice((len(whole), chance.randrange(1, len(whole))))])
        for _ in range(chance.choice((0, 1, 5, 50))):
            content[chance.randrange(len(content))] = chance.randrange(256)
        taken(sample.parent.name, bytes(content))  # type: ignore[attr-defined]  # parametrised with paths


@given(st.integers(0, 5), st.integers(4096, 12_000), st.lists(st.tuples(st.integers(4608, 9_000), st.integers(0, 255))))
@settings(max_examples=150, deadline=None)
def test_no_announced_event_of_a_damaged_log_is_lost_without_a_trace(
    count: int, length: int, damage: list[tuple[int, int]]
) -> None:
    content = bytearray(event_log([logon(number) for number in range(1, count + 1)]))[:length]
    for at, byte in damage:
        if at < len(content):
            content[at] = byte
    items = taken("evtx", bytes(content))
    if length > 4608 and count:
        assert items
        assert len(items) >= count or any(isinstance(item, Reject) for item in items)
