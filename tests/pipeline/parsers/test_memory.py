"""A file of any size is read in little memory."""

from __future__ import annotations

import gzip
import io
import tracemalloc
from datetime import UTC, datetime

import pytest

from tests.pipeline.parsers.event_log import event_log, logon
from tocsin.pipeline.parsers.opening import unpacked_ahead
from tocsin.pipeline.parsers.registry import formats
from tocsin.pipeline.schema.event import Reading

MOST = 16 * 1024 * 1024
FLAT = b'{"Channel":"Security","EventID":4624,"Provider_Name":"p","Computer":"ws","x":"' + b"y" * 4000 + b'"}\n'
SPREAD = (
    b'{\n "Event": {\n  "System": {"EventID": 1, "Channel": "c"},\n  "EventData": {"x": "'
    + b"y" * 4000
    + b'"}\n }\n}\n'
)
SYSLOG = b"Mar  1 10:00:00 gate app: " + b"y" * 4000 + b"\n"


class Repeated(io.RawIOBase):
    """Give the same content again and again, up to so many bytes."""

    def __init__(self, piece: bytes, size: int) -> None:
        self._block = piece * (262_144 // len(piece) + 1)
        self._left = size // len(self._block) + 1
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]  # what io really passes
        if not self._rest and self._left:
            self._rest, self._left = self._block, self._left - 1
        count = min(len(buffer), len(self._rest))
        buffer[:count], self._rest = self._rest[:count], self._rest[count:]
        return count


@pytest.mark.parametrize(
    ("name", "piece"),
    [
        ("windows_json", FLAT),
        ("windows_json", SPREAD),
        ("syslog", SYSLOG),
        ("syslog", b"one line without an end "),
        ("windows_json", b'[{"EventID":1,"Channel":"c"},'),
        ("windows_json", b'[{"never": {"closed": '),
    ],
    ids=["flat", "spread out", "syslog", "one endless line", "one endless array", "one endless object"],
)
def test_a_long_stream_is_read_in_little_memory(name: str, piece: bytes) -> None:
    tracemalloc.start()
    stream = Repeated(piece, 64 * 1024 * 1024 if piece[-1:] == b"\n" else 3 * 1024 * 1024)
    for _ in formats()[name].read(stream, Reading(datetime(2026, 3, 2, tzinfo=UTC))):  # type: ignore[arg-type]  # io's own
        pass
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < MOST


def test_a_gzip_that_unfolds_enormously_is_read_in_little_memory() -> None:
    packed = gzip.compress(SYSLOG * 8_000)
    tracemalloc.start()
    stream = unpacked_ahead(io.BytesIO(packed), "bomb")
    count = sum(1 for _ in formats()["syslog"].read(stream, Reading(datetime(2026, 3, 2, tzinfo=UTC))))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == 8_000
    assert peak < MOST


def test_an_event_log_is_read_chunk_by_chunk() -> None:
    whole = event_log([logon(1)])
    stream = Repeated(whole[4096:], 64 * 1024 * 1024)
    stream._rest = whole[:4096]
    tracemalloc.start()
    records = formats()["evtx"].read(stream, Reading(datetime(2026, 3, 2, tzinfo=UTC)))  # type: ignore[arg-type]  # io's own
    count = sum(1 for _ in records)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count > 1_000
    assert peak < MOST
