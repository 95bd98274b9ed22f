"""The public rules: each runs or is refused for a true reason, and what they find is right."""

from __future__ import annotations

import gzip
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO, cast

import pytest
from sigma.rule import SigmaRule

from tests.pipeline.detect.obvious import holds
from tests.shared import shared, shared_zip
from tocsin.pipeline.detect.engine import Engine
from tocsin.pipeline.detect.mapping import scopes_of
from tocsin.pipeline.detect.plan import Plan, compile_plan
from tocsin.pipeline.detect.rule import LogSource, Rule
from tocsin.pipeline.parsers.columns import as_text, to_batches
from tocsin.pipeline.parsers.windows_json import FORMAT
from tocsin.pipeline.schema.event import Kind, Reading, Record

FOLDERS = (
    *("rules", "rules-compliance", "rules-emerging-threats", "rules-placeholder", "rules-threat-hunting"),
    *("unsupported", "deprecated"),
)
NAMES = {name: f"data/01_sigma/sigma_{name}.zip" for name in FOLDERS}
# Why a rule may be refused, and what must then be true of it (of its log source, its text).
REASONS = (
    (r"no format that is read here carries the log source (?P<source>.*)", "unread"),
    (r"the field (?P<field>\S+) is not known in the log source .*", "field"),
    (r"the placeholder (?P<field>%\S+%) has no values here", "field"),
    (r"not valid Sigma: The pipe syntax in Sigma conditions .*", "pipe"),
    (r"not valid Sigma: Expected end of text, .*", "condition"),
    (r"another rule has the same id: .*", "double"),
)
# Where the counts differ from Zircolite's and why; negative: it finds more.
FEWER = {
    "3a9b8c1e-5b2e-4f7a-9d1c-2a7f3b6e1c55": "registry_delete: it also takes keys that were created",
    "2e4e488a-6164-4811-9ea1-f960c7359c40": "null: it takes an empty text for a missing field",
}
MORE = 52  # rules; it reads no 4688 or 5156 as what they are, renames Provider_Name, and true is not 'true' to it


def test_every_rule_runs_or_is_refused_for_a_true_reason() -> None:
    plan = compile_plan([shared_zip(name) for name in NAMES.values()], cache=None)
    assert len(plan.rules) > 3_400
    sources = {rule.source for rule in plan.rules}
    for refusal in plan.refused:
        found = next((sort, match) for reason, sort in REASONS if (match := re.fullmatch(reason, refusal.reason)))
        sort, match = found
        text = Path(refusal.path).read_text()
        assert refusal.rule_id in text
        if sort == "field":
            assert match["field"] in text
            assert match["field"] in text.splitlines()[(refusal.line or 0) - 1]
        if sort == "unread":
            assert match["source"] not in map(str, sources)
        if sort == "pipe":
            assert re.search(r"condition:[^\n]*\|", text)


@cache
def _windows() -> Plan:
    return compile_plan([shared_zip(NAMES["rules"]) / "rules" / "windows"], cache=None)


@cache
def _records() -> list[tuple[int, Record]]:
    with gzip.open(shared("bench/windows-100k.jsonl.gz")) as stream:
        items = FORMAT.read(cast(BinaryIO, stream), Reading(datetime.now(UTC)))
        return [(number, item) for number, item in enumerate(items, 1) if isinstance(item, Record)]


def _found() -> Iterator[tuple[Rule, Record]]:
    engine = Engine(_windows())
    records = _records()
    for batch in to_batches(records, _windows().want()):
        numbers = batch.table["record"].to_pylist()
        for hit in engine.detect(batch):
            yield hit.rule, records[numbers[hit.row] - 1][1]


@pytest.fixture(scope="module")
def found() -> list[tuple[Rule, Record]]:
    return list(_found())


def test_it_finds_what_zircolite_finds_and_more(found: list[tuple[Rule, Record]]) -> None:
    theirs = {
        rule: entry["count"]
        for rule, entry in json.loads(shared("bench/windows-100k.zircolite.json").read_text()).items()
    }
    ours = Counter(rule.id for rule, _ in found)
    assert {rule for rule, count in theirs.items() if count > ours[rule]} == FEWER.keys()
    assert len([rule for rule, count in ours.items() if count > theirs.get(rule, 0)]) == MORE


def test_the_obvious_evaluator_confirms_every_hit(found: list[tuple[Rule, Record]]) -> None:
    for rule, record in found:
        assert holds(_parsed(rule.path), _event(rule.source, record)), (rule.title, record.raw)


def test_the_obvious_evaluator_finds_no_hit_that_was_missed(found: list[tuple[Rule, Record]]) -> None:
    attacked = {record.offset: record for _, record in found[::60]}
    hits = {(rule.id, record.offset) for rule, record in found}
    for record in attacked.values():
        for rule in _windows().rules:
            if _in_scope(rule.source, record.kind) and holds(_parsed(rule.path), _event(rule.source, record)):
                assert (rule.id, record.offset) in hits, (rule.title, record.raw)


@cache
def _parsed(path: str) -> SigmaRule:
    return SigmaRule.from_yaml(Path(path).read_text())


@cache
def _in_scope(source: LogSource, kind: Kind) -> bool:
    return any(scope.covers(kind) and not scope.where for scope in scopes_of(source))


def _event(source: LogSource, record: Record) -> Mapping[str, str | None]:
    """Give a record's values as text, also under the names rules of this log source know them by."""
    event: dict[str, Any] = dict(record.fields)
    for scope in scopes_of(source):
        if scope.covers(record.kind):
            for name, columns in scope.fields.items():
                event[name] = next((record.fields[column] for column in columns if column in record.fields), None)
    return {name: None if value is None else as_text(value) for name, value in event.items()}
