"""The exercise through the real parsers and engine: each stage is found, and everyday work raises few alarms.

These figures prove plumbing: rules and exercise have the same authors. The same figures on recorded attacks
of others stand beside them.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

from tests.exercise.conftest import Found, is_story
from tests.rules_starter.watching import Alert, Watch, alert
from tests.shared import shared_zip
from tocsin.exercise.writing import Written
from tocsin.pipeline.engines.chunk import EventHit

SERIOUS = ("medium", "high", "critical")
LEVELS = ("informational", "low", *SERIOUS)
ALLOWED = 20


def _say(capsys: pytest.CaptureFixture[str], *lines: str) -> None:
    with capsys.disabled():
        sys.stdout.write("\n" + "".join(f"  {line}\n" for line in lines))


def test_every_record_is_understood(found: Found, carillon: Written) -> None:
    assert found.rejects == []
    assert found.records == carillon.events


def test_every_stage_is_detected(found: Found, truth: Mapping[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    lines = []
    for stage in truth["stages"]:
        hits = [
            hit
            for record in stage["records"]
            for hit in found.hits.get((record["source"], record["record"]), [])
            if hit.rule.id in record["rules"]
        ]
        rules = {hit.rule.id for hit in hits}
        lines.append(f"{stage['id']:<18} {len(rules)} of {len(stage['rules'])} rules, {len(hits)} hits")
        assert rules == set(stage["rules"]), stage["id"]
        assert rules
    _say(capsys, "Exercise Carillon, stages found:", *lines)


def test_each_marked_record_fires_just_the_rules_it_is_marked_with(found: Found, told: list[Mapping[str, Any]]) -> None:
    for record in told:
        hits = found.hits.get((record["source"], record["record"]), [])
        assert sorted(hit.rule.id for hit in hits) == sorted(record["rules"]), record


def test_hits_name_the_subject_and_the_organisations_of_the_truth(found: Found, told: list[Mapping[str, Any]]) -> None:
    for record in told:
        for hit in found.hits.get((record["source"], record["record"]), []):
            assert {"kind": hit.subject_kind, "value": hit.subject} == record["subject"]
            assert set(record["organisations"]) <= set(hit.organisations)


def _everyday(found: Found, told: list[Mapping[str, Any]]) -> Iterator[EventHit]:
    story = {(record["source"], record["record"]) for record in told if is_story(record)}
    return (hit for place, hits in found.hits.items() if place not in story for hit in hits)


def test_everyday_work_raises_few_alarms(
    found: Found, told: list[Mapping[str, Any]], carillon: Written, capsys: pytest.CaptureFixture[str]
) -> None:
    alerts: dict[str, set[Alert]] = {level: set() for level in LEVELS}
    for hit in _everyday(found, told):
        alerts[hit.rule.level] |= {alert(hit, organisation) for organisation in hit.organisations}
    rates = {level: len(alerts[level]) * 100_000 / carillon.everyday_events for level in LEVELS}
    serious = sum(rates[level] for level in SERIOUS)
    _say(
        capsys,
        f"Alerts per 100,000 of {carillon.everyday_events} everyday events: {serious:.1f} of medium or higher",
        ", ".join(f"{level} {rate:.1f}" for level, rate in rates.items()),
    )
    assert 0 < serious <= ALLOWED


def _recordings() -> list[Path]:
    """Unpack the archives within the archive, beside themselves."""
    folder = shared_zip("data/02_logs/otrf_atomic.zip")
    for path in sorted(folder.rglob("windows/**/*.zip")):
        with ZipFile(path) as archive:
            archive.extractall(path.with_suffix(""))
    return sorted(path for path in folder.rglob("windows/**/*.json") if not path.name.startswith("._"))


def test_the_same_figures_on_recorded_attacks_are_reported(capsys: pytest.CaptureFixture[str]) -> None:
    watch = Watch()
    hits: Counter[str] = Counter()
    alerts: dict[str, set[Alert]] = {level: set() for level in LEVELS}
    recordings, seen = _recordings(), set()
    for path in recordings:
        for hit in watch.hits(path, parser="windows_json"):
            hits[hit.rule.level] += 1
            alerts[hit.rule.level].add(alert(hit, path.stem))
            seen.add(path)
    per = 100_000 / watch.records
    _say(
        capsys,
        f"OTRF, {len(recordings)} recordings of attacks, {watch.records} records ({len(watch.rejects)} rejected); "
        f"{len(seen)} recordings raise something",
        "hits per 100,000: " + ", ".join(f"{level} {hits[level] * per:.1f}" for level in LEVELS),
        "alerts per 100,000: " + ", ".join(f"{level} {len(alerts[level]) * per:.1f}" for level in LEVELS),
    )
    assert len(seen) * 2 > len(recordings)
