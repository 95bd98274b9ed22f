"""Rules, hits, chunks and receipts as the engines and the intake give them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from tocsin.pipeline.detect.rule import LogSource, Rule
from tocsin.pipeline.engines.chunk import Chunk, EventHit
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.alerts import actions
from tocsin.rooms.alerts.models import Alert, Suppression
from tocsin.rooms.constituency.models import Organisation
from tocsin.rooms.intake.models import Receipt, Source

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def rule(**values: Any) -> Rule:
    """Give a rule that runs."""
    given: dict[str, Any] = {
        "id": "0f06a3a5-6a09-413f-8743-e6cf35561297",
        "title": "Encoded PowerShell",
        "level": "high",
        "status": "test",
        "techniques": ("T1059.001",),
        "path": "encoded.yml",
        "version": "a" * 16,
        "subject": ("host.name",),
        "source": LogSource(product="windows"),
    }
    return Rule(**given | values)


def hit(record: int = 1, **values: Any) -> EventHit:
    """Give a hit of a rule."""
    given: dict[str, Any] = {
        "rule": rule(),
        "time": NOON,
        "organisations": ("DEPA",),
        "subject_kind": "host",
        "subject": "ws01.depa.example",
        "raw": b'{"EventID": 4104, "ScriptBlockText": "<script>alert(1)</script>"}',
    }
    return EventHit(record=record, **given | values)


def hits(count: int, *, start: int = 1, **same: Any) -> list[EventHit]:
    """Give ``count`` hits on the records from ``start``, a second apart."""
    return [
        hit(number, time=NOON + timedelta(seconds=number), raw=b"raw line %d" % number, **same)
        for number in range(start, start + count)
    ]


def chunk(given: Iterable[EventHit]) -> Chunk:
    """Give a chunk with these hits."""
    found = tuple(given)
    return Chunk(1, len(found), len(found), (), (), found, offset=0, last=0, state={}, finished=True)


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
        actions.record_hits(receipt, chunk([hit(made, **values)]))
        return Alert.objects.get(hits__record=made, hits__receipt=receipt)

    return make


@pytest.fixture
def suppress(analyst: Person, alert_of: Callable[..., Alert]) -> Callable[..., Suppression]:
    """Keep a rule quiet for ten days, at department A unless said otherwise; the rule is known by an earlier alert."""

    def make(code: str | None = "DEPA", *, actor: Person = analyst, **values: Any) -> Suppression:
        place = Organisation.objects.get(code=code) if code else None
        given: dict[str, Any] = {
            "rule": rule().id,
            "reason": "The backup does this every night.",
            "until": timezone.now() + timedelta(days=10),
            "organisation": place,
        }
        return actions.suppress(actor=actor, **given | values)

    if not Alert.objects.exists():
        first = alert_of(subject="the first")
        actions.dispose(actor=analyst, alert=first, disposition="benign", reason="Looked at.")
    return make


def expire(held: Suppression) -> None:
    """Let the day come on which a suppression ends."""
    now = timezone.now()
    made, ended = now - timedelta(days=11), now - timedelta(seconds=1)
    Suppression.objects.filter(pk=held.pk).update(created_at=made, until=ended)
