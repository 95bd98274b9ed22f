"""Each format has samples: an input written by us, and beside it what is expected of it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.shared import ROOT
from tocsin.pipeline.parsers.columns import to_batches
from tocsin.pipeline.parsers.format import HEAD
from tocsin.pipeline.parsers.opening import open_content
from tocsin.pipeline.parsers.registry import choose, formats
from tocsin.pipeline.schema.event import Reading, Record, Reject
from tocsin.pipeline.schema.want import Want

SAMPLES = ROOT / "tests" / "data" / "pipeline" / "parsers"
RECEIVED = datetime(2026, 3, 2, tzinfo=UTC)


def inputs() -> list[Path]:
    return sorted(path for path in SAMPLES.glob("*/*") if not path.name.endswith(".expected.jsonl"))


def expected_beside(sample: Path) -> Path:
    return sample.with_name(f"{sample.name.partition('.')[0]}.expected.jsonl")


def understood(sample: Path) -> Iterator[dict[str, Any]]:
    """Give what is made of a sample: kind and columns of the events, offset and reason of the rejects."""
    format_ = formats()[sample.parent.name]
    with open_content(sample) as stream:
        for number, item in enumerate(format_.read(stream, Reading(RECEIVED)), start=1):
            if isinstance(item, Reject):
                yield {"record": number, "offset": item.offset, "rejected": item.reason}
            else:
                yield {"kind": list(item.kind), **row_of(number, item)}


def row_of(number: int, record: Record) -> dict[str, Any]:
    (batch,) = to_batches([(number, record)], Want())
    (row,) = batch.table.drop_columns(["raw"]).to_pylist()
    return {name: value for name, value in row.items() if value is not None}


@pytest.mark.parametrize("sample", inputs(), ids=lambda sample: f"{sample.parent.name}/{sample.name}")
def test_a_sample_is_understood_as_expected(sample: Path) -> None:
    made = [orjson.loads(orjson.dumps(row, option=orjson.OPT_UTC_Z)) for row in understood(sample)]
    if os.environ.get("TOCSIN_TEST_REWRITE"):
        expected_beside(sample).write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in made))
    assert made == [orjson.loads(line) for line in expected_beside(sample).read_bytes().splitlines()]


@pytest.mark.parametrize("sample", inputs(), ids=lambda sample: f"{sample.parent.name}/{sample.name}")
def test_a_sample_is_recognised_by_its_content(sample: Path) -> None:
    with open_content(sample) as stream:
        head = stream.read(HEAD)
    assert choose(head).name == sample.parent.name
    assert [name for name, format_ in formats().items() if format_.sniff(head)] == [sample.parent.name]


def test_every_format_has_a_sample_with_events_and_one_with_a_reject() -> None:
    for name in formats():
        rows = [row for sample in inputs() if sample.parent.name == name for row in understood(sample)]
        assert any("kind" in row for row in rows), name
        assert name == "evtx" or any("rejected" in row for row in rows), name
