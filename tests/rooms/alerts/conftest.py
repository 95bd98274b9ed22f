"""Rules, hits, chunks and receipts as the engines and the intake give them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from tocsin.rooms.alerts.models import Alert
from tocsin.rooms.alerts.recording import record_hits
from tocsin.rooms.intake.models import Receipt, Source

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Rule:
    id: str = "0f06a3a5-6a09-413f-8743-e6cf35561297"
    title: str = "Encoded PowerShell"
    level: str = "high"
    techniques: tuple[str, ...] = ("T1059.001",)
    version: str = "aaaaaaaaaaaaaaaa"


@dataclass(frozen=True, slots=True)
class Hit:
    record: int = 1
    rule: Rule = field(default_factory=Rule)
    time: datetime | None = NOON
    organisations: tuple[str, ...] = ("DEPA",)
    subject_kind: str = "host"
    subject: str = "ws01.depa.example"
    raw: bytes = b'{"EventID": 4104, "ScriptBlockText": "<script>alert(1)</script>"}'


@dataclass(frozen=True, slots=True)
class Chunk:
    hits: list[Hit]


def hits(count: int, *, start: int = 1, apart: timedelta = timedelta(seconds=1), **same: object) -> list[Hit]:
    """Give ``count`` hits on the records from ``start``, one after the other in time."""
    return [
        Hit(record=number, time=NOON + number * apart, raw=b"raw line %d" % number, **same)  # type: ignore[arg-type]  # tests' own
        for number in range(start, start + count)
    ]


@pytest.fixture
def receipt(chart: object) -> Receipt:
    """Give a receipt to hang hits on."""
    source = Source.objects.create(name="sensor")
    return Receipt.objects.create(source=source, name="file.jsonl", digest="0" * 64)


@pytest.fixture
def alert_of(receipt: Receipt) -> Callable[..., Alert]:
    """Make one alert from one hit with the given values."""
    made = 0

    def make(**values: object) -> Alert:
        nonlocal made
        made += 1
        record_hits(receipt, Chunk([Hit(record=made, **values)]))  # type: ignore[arg-type]  # tests' own
        return Alert.objects.get(hits__record=made, hits__receipt=receipt)

    return make
