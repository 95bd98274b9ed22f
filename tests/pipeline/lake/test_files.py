"""The lake gives back what was written into it, from small files and from compacted ones."""

from __future__ import annotations

import os
import time
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tocsin.pipeline.lake.errors import FileMissing
from tocsin.pipeline.lake.files import Lake, Span, Written
from tocsin.pipeline.schema.event import Batch, Kind

DAY = date(2026, 11, 23)


def batch(kind: Kind, first: int, count: int, **columns: Any) -> Batch:
    numbers = range(first, first + count)
    table = pa.table(
        {
            "record": pa.array(numbers, pa.int64()),
            "offset": pa.array([number * 100 for number in numbers], pa.int64()),
            "raw": pa.array([b"raw \xff %d" % number for number in numbers], pa.binary()),
            "@timestamp": pa.array([datetime(2026, 1, 1, 0, 0, number % 60, tzinfo=UTC) for number in numbers]).cast(
                pa.timestamp("us", tz="UTC")
            ),
            "tocsin.organisations": pa.array([["DEPA"]] * count, pa.list_(pa.string())),
            **{name: pa.array(values) for name, values in columns.items()},
        }
    )
    return Batch(kind, table)


LINUX, DNS, WINDOWS = Kind("linux", "sshd"), Kind("zeek", "dns"), Kind("windows", "security", "4624")


def write(lake: Lake, *batches: Batch, receipt: UUID | None = None) -> list[Written]:
    return lake.write([(receipt or uuid4(), batches)], DAY)


def test_it_gives_an_event_back_with_the_columns_it_has(tmp_path: Path) -> None:
    lake, receipt = Lake(tmp_path), uuid4()
    (written,) = write(
        lake,
        batch(LINUX, 1, 3, **{"user.name": ["ann", "bob", None], "NativeOnly": ["x", "y", "z"]}),
        receipt=receipt,
    )
    event = lake.event(written.path, receipt, 2)
    assert event is not None
    assert event["raw"] == b"raw \xff 2"
    assert event["user.name"] == "bob"
    assert event["tocsin.organisations"] == ["DEPA"]
    assert (event["kind.product"], event["kind.channel"], event["offset"]) == ("linux", "sshd", 200)
    assert "NativeOnly" not in event
    assert lake.event(written.path, receipt, 4) is None
    assert lake.event(written.path, uuid4(), 2) is None
    third = lake.event(written.path, receipt, 3)
    assert third is not None
    assert "user.name" not in third


def test_it_writes_one_file_a_dataset_and_tells_what_it_holds(tmp_path: Path) -> None:
    receipt = uuid4()
    written = write(
        Lake(tmp_path), batch(LINUX, 1, 3), batch(DNS, 4, 2), batch(Kind("linux", "sudo"), 6, 1), receipt=receipt
    )
    assert [(item.dataset, item.rows) for item in written] == [("linux", 4), ("zeek", 2)]
    assert written[0].spans == (Span(receipt, 1, 6),)
    assert written[0].earliest == datetime(2026, 1, 1, 0, 0, 1, tzinfo=UTC)
    assert written[0].latest == datetime(2026, 1, 1, 0, 0, 6, tzinfo=UTC)
    assert (tmp_path / written[0].path).stat().st_size == written[0].size


def test_rows_lie_in_the_order_of_their_records(tmp_path: Path) -> None:
    (written,) = write(Lake(tmp_path), batch(LINUX, 5, 3), batch(Kind("linux", "sudo"), 1, 4))
    assert pq.read_table(tmp_path / written.path, partitioning=None)["record"].to_pylist() == list(range(1, 8))


def test_several_receipts_share_a_file(tmp_path: Path) -> None:
    lake, one, two = Lake(tmp_path), uuid4(), uuid4()
    (written,) = lake.write([(one, [batch(LINUX, 1, 2)]), (two, [batch(LINUX, 1, 2)])], DAY)
    assert set(written.spans) == {Span(one, 1, 2), Span(two, 1, 2)}
    assert lake.event(written.path, two, 1) is not None


def test_an_event_without_a_time_is_kept(tmp_path: Path) -> None:
    lake, receipt = Lake(tmp_path), uuid4()
    timeless = batch(LINUX, 1, 1)
    index = timeless.table.column_names.index("@timestamp")
    nulls = pa.nulls(1, pa.timestamp("us", tz="UTC"))
    (written,) = write(lake, Batch(LINUX, timeless.table.set_column(index, "@timestamp", nulls)), receipt=receipt)
    assert (written.earliest, written.latest) == (None, None)
    assert lake.event(written.path, receipt, 1) is not None


def test_compaction_keeps_every_event_and_column(tmp_path: Path) -> None:
    lake, receipts = Lake(tmp_path), [uuid4() for _ in range(3)]
    small = [
        written.path
        for number, receipt in enumerate(receipts)
        for written in write(
            lake, batch(WINDOWS, 1, 10, **{"user.name" if number % 2 else "host.name": ["x"] * 10}), receipt=receipt
        )
    ]
    large = lake.compact(small, "windows", DAY)
    assert (large.rows, len(large.spans)) == (30, 3)
    event = lake.event(large.path, receipts[1], 7)
    assert event is not None
    assert event["user.name"] == "x"
    assert all((tmp_path / path).exists() for path in small)


def test_a_sweep_removes_only_what_is_not_listed_and_long_untouched(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    kept, fresh, orphan, retired = (write(lake, batch(LINUX, 1, 1))[0].path for _ in range(4))
    for path in (kept, orphan, retired):
        os.utime(tmp_path / path, (time.time() - 7200,) * 2)
    lake.retire([retired])
    assert lake.sweep({kept}) == [orphan]
    assert all((tmp_path / path).exists() for path in (kept, fresh, retired))


def test_a_listed_file_that_is_gone_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileMissing, match="linux/gone"):
        Lake(tmp_path).event("linux/gone.parquet", uuid4(), 1)


def test_a_failed_write_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    turns = iter([None, OSError(28, "No space left on device")])

    def fsync(handle: int) -> None:
        if error := next(turns, None):
            raise error

    lake = Lake(tmp_path)
    for name in ("linux", "zeek"):
        (tmp_path / name / DAY.isoformat()).mkdir(parents=True)
    monkeypatch.setattr("tocsin.pipeline.lake.files.sync_folder", lambda folder: None)
    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(Exception, match="No room left"):
        write(lake, batch(LINUX, 1, 1), batch(DNS, 2, 1))
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
