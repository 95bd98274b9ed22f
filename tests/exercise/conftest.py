"""The exercise written once for all tests, and what the starter rules find in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.rules_starter.watching import Watch
from tocsin.charts import Chart, chart_named, load
from tocsin.exercise.chart import parties
from tocsin.exercise.party import Party
from tocsin.exercise.story import EVERYDAY
from tocsin.exercise.writing import TRUTH, Written, write
from tocsin.pipeline.engines.chunk import EventHit

ANCHOR = datetime(2026, 11, 23, 12, tzinfo=UTC)
CODES = ("AGRI", "COMP", "DIGIT", "EFSA", "GSC", "EP", "TRADE", "ECA", "EMA", "FRONTEX", "EEAS", "EUROPOL")


@pytest.fixture(scope="session")
def small_world() -> list[Party]:
    """Twelve organisations that are in no chart."""
    return [
        Party(code, code.title(), (f"198.18.{row}.0/24", f"2001:db8:{row}::/48"), (f"{code.lower()}.example",))
        for row, code in enumerate(CODES)
    ]


@pytest.fixture(scope="session")
def chart() -> Chart:
    return load(chart_named("eu"))


@pytest.fixture(scope="session")
def carillon(tmp_path_factory: pytest.TempPathFactory, chart: Chart) -> Written:
    """The exercise at full size, for the chart of the Union."""
    return write(tmp_path_factory.mktemp("carillon"), parties(chart), seed=1, anchor=ANCHOR)


@pytest.fixture(scope="session")
def truth(carillon: Written) -> Mapping[str, Any]:
    content: Mapping[str, Any] = orjson.loads((carillon.folder / TRUTH).read_bytes())
    return content


@dataclass(frozen=True, slots=True)
class Found:
    """What the starter rules found: hits by source and record, and what was read on the way."""

    hits: Mapping[tuple[str, int], list[EventHit]]
    records: int
    rejects: list[tuple[str, int, str]]


@pytest.fixture(scope="session")
def found(carillon: Written, chart: Chart) -> Found:
    watch = Watch(chart.ownership())
    hits: dict[tuple[str, int], list[EventHit]] = {}
    for source in carillon.sources:
        for hit in watch.hits(carillon.folder / source.path, source.organisation):
            hits.setdefault((source.name, hit.record), []).append(hit)
    return Found(hits, watch.records, watch.rejects)


@pytest.fixture(scope="session")
def told(truth: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Every record of the story and every everyday act that looks like it."""
    return [*(record for stage in truth["stages"] for record in stage["records"]), *truth["everyday_alarms"]]


def is_story(record: Mapping[str, Any]) -> bool:
    return bool(record["stage"] != EVERYDAY)


def path_of(written: Written, name: str) -> Path:
    return next(written.folder / source.path for source in written.sources if source.name == name)
