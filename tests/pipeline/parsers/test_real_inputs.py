"""Real logs that nobody here wrote: the right parser is chosen, and how much of them is understood."""

from __future__ import annotations

import zipfile
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, cast

import pytest

from tests.shared import shared, shared_zip
from tocsin.pipeline.parsers.columns import to_batches
from tocsin.pipeline.parsers.errors import TruncatedContent, UnknownFormat
from tocsin.pipeline.parsers.format import HEAD
from tocsin.pipeline.parsers.opening import Ahead, open_content
from tocsin.pipeline.parsers.registry import choose
from tocsin.pipeline.schema.event import Reading, Record, Reject
from tocsin.pipeline.schema.want import Want

Count = Counter[tuple[str, str]]


def read(stream: BinaryIO) -> tuple[str, list[Record | Reject]]:
    ahead = Ahead(stream, HEAD)
    format_ = choose(ahead.head)
    return format_.name, list(format_.read(cast(BinaryIO, ahead), Reading(datetime(2026, 3, 2, tzinfo=UTC))))


def counted(paths: Iterable[Path]) -> Count:
    count: Count = Counter()
    for path in paths:
        with open_content(path) as stream:
            name, items = read(stream)
        count.update((name, type(item).__name__) for item in items)
    return count


def test_event_logs_of_attacks_are_read_whole() -> None:
    folder = shared_zip("data/02_logs/evtx_attack_samples.zip")
    assert counted(folder.rglob("*.evtx")) == {("evtx", "Record"): 5750}


@pytest.mark.parametrize("ending", ["evtx", "json"])
def test_regression_events_are_the_same_from_both_formats(ending: str) -> None:
    folder = shared_zip("data/01_sigma/regression_data.zip")
    name = "evtx" if ending == "evtx" else "windows_json"
    assert counted(folder.rglob(f"*.{ending}")) == {(name, "Record"): 148}


def test_the_same_event_has_the_same_fields_from_both_formats() -> None:
    folder = shared_zip("data/01_sigma/regression_data.zip")
    for path in folder.rglob("*.evtx"):
        with open_content(path) as one, open_content(path.with_suffix(".json")) as other:
            _, left = read(one)
            _, right = read(other)
        assert [item.kind for item in left if isinstance(item, Record)] == [
            item.kind for item in right if isinstance(item, Record)
        ]
        names = [{*item.fields} for item in (*left[:1], *right[:1]) if isinstance(item, Record)]
        assert names[0] == names[1], path


def test_security_datasets_are_read_whole() -> None:
    count: Count = Counter()
    for archive in shared_zip("data/02_logs/otrf_atomic.zip").rglob("*/windows/**/*.zip"):
        with zipfile.ZipFile(archive) as members:
            for member in members.namelist():
                if member.endswith(".json") and "__MACOSX" not in member:
                    with members.open(member) as stream:
                        name, items = read(cast(BinaryIO, stream))
                    count.update((name, type(item).__name__) for item in items)
    assert set(count) == {("windows_json", "Record")}
    assert count["windows_json", "Record"] > 90_000


def test_zeek_logs_are_read_whole() -> None:
    folder = shared_zip("data/02_logs/zeek_zat.zip")
    logs = [path for path in folder.rglob("*.log*") if "corrupt" not in path.name]
    count = counted(logs)
    assert set(count) == {("zeek", "Record")}
    assert count["zeek", "Record"] == 1131


def test_a_zeek_log_whose_gzip_is_damaged_gives_what_is_readable() -> None:
    path = shared_zip("data/02_logs/zeek_zat.zip") / "http.log.corrupt.gz"
    taken: list[Record | Reject] = []
    with open_content(path) as stream:
        ahead = Ahead(stream, HEAD)
        records = choose(ahead.head).read(cast(BinaryIO, ahead), Reading(datetime(2026, 3, 2, tzinfo=UTC)))
        with pytest.raises(TruncatedContent):
            taken.extend(records)
    assert len(taken) == 150


def test_lines_of_sshd_are_understood() -> None:
    folder = shared_zip("data/02_logs/crowdsec_hub_tests.zip") / ".tests"
    acted = total = 0
    for path in folder.glob("ssh*/*.log"):
        if "sshesame" in path.name:
            continue
        with open_content(path) as stream:
            name, items = read(stream)
        assert name == "syslog"
        records = [item for item in items if isinstance(item, Record)]
        assert len(records) == len(items), path.name
        assert {record.kind.channel for record in records} == {"sshd"}
        total += len(records)
        acted += sum("source.ip" in record.fields for record in records)
    assert total > 50
    assert acted / total > 0.75


def test_access_logs_are_understood() -> None:
    folder = shared_zip("data/02_logs/crowdsec_hub_tests.zip") / ".tests"
    count: Count = Counter()
    for path in folder.glob("*/*.log"):
        with open_content(path) as stream:
            try:
                name, items = read(stream)
            except UnknownFormat:
                continue
        count.update((name, type(item).__name__) for item in items)
    assert count["access_log", "Record"] > 700
    assert count["access_log", "Reject"] <= 6
    assert count["syslog", "Reject"] == 0


def test_the_bench_file_becomes_columns_with_a_time_each() -> None:
    rows = stamped = 0
    with open_content(shared("bench/windows-100k.jsonl.gz")) as stream:
        _, items = read(stream)
    records = [(number, item) for number, item in enumerate(items, start=1) if isinstance(item, Record)]
    for batch in to_batches(records, Want(frozenset({"host.name"}))):
        rows += batch.table.num_rows
        stamped += batch.table.num_rows - batch.table["@timestamp"].null_count
        assert batch.table["host.name"].null_count == 0
    assert rows == 100_000
    assert stamped > 99_900
