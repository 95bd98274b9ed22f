"""Records become typed columns, and nothing a record holds can break one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pyarrow as pa
import pytest

from tocsin.pipeline.parsers.columns import TIMESTAMP, to_batches
from tocsin.pipeline.schema.event import Batch, Kind, Record
from tocsin.pipeline.schema.want import Want

LINUX = Kind("linux", "app")
LOGON = Kind("windows", "security", "4625")


def batch_of(*fields: dict[str, Any], kind: Kind = LINUX, want: Want | None = None) -> Batch:
    records = [(number, Record(kind, number * 10, b"raw", row)) for number, row in enumerate(fields, start=1)]
    (batch,) = to_batches(records, want or Want())
    return batch


def column(name: str, *values: Any) -> list[Any]:
    table = batch_of(*({name: value} for value in values)).table
    return table[name].to_pylist() if name in table.column_names else [None] * len(values)


def test_what_is_always_there_is_there() -> None:
    table = batch_of({}).table
    assert table.column_names == ["record", "offset", "raw", "@timestamp"]
    assert table.to_pylist() == [{"record": 1, "offset": 10, "raw": b"raw", "@timestamp": None}]
    assert table.schema.field("@timestamp").type == TIMESTAMP


def test_records_are_grouped_by_kind_and_keep_their_numbers() -> None:
    kinds = [LINUX, LOGON, LINUX]
    records = [(number, Record(kind, 0, b"", {})) for number, kind in enumerate(kinds, start=1)]
    batches = {batch.kind: batch.table["record"].to_pylist() for batch in to_batches(records, Want())}
    assert batches == {LINUX: [1, 3], LOGON: [2]}


def test_a_value_that_does_not_fit_its_type_becomes_null() -> None:
    assert column("source.port", 22, "23", "-", 2**70, None, [1, 2]) == [22, 23, None, None, None, None]
    assert column("source.ip", "192.0.2.1", "::ffff:192.0.2.2", "FE80::1%eth0", "nowhere", 5) == [
        *("192.0.2.1", "192.0.2.2", "fe80::1", None, None)
    ]


@pytest.mark.parametrize(
    "written",
    [
        *("2026-03-01T10:00:00Z", "2026-03-01T10:00:00.000000000Z", "2026-03-01 10:00:00", "2026-03-01T11:00:00+01:00"),
        *(1772359200, 1772359200.0, datetime(2026, 3, 1, 11, tzinfo=timezone(timedelta(hours=1)))),
    ],
)
def test_stamps_are_read_however_they_are_written(written: object) -> None:
    assert column("@timestamp", written, None, "yesterday", 1e300, "0001-01-01T00:00:00Z") == [
        *(datetime(2026, 3, 1, 10, tzinfo=UTC), None, None, None, None)
    ]


def test_a_stamp_without_a_zone_is_of_the_zone_of_the_source() -> None:
    record = (1, Record(LOGON, 0, b"", {"TimeCreated": "2026-03-01 10:00:00"}))
    (batch,) = to_batches([record], Want(), timezone(timedelta(hours=2)))
    assert batch.table["@timestamp"].to_pylist() == [datetime(2026, 3, 1, 8, tzinfo=UTC)]


def test_native_columns_are_strings_as_rules_write_them_and_always_there() -> None:
    want = Want(frozenset(), lambda _kind: frozenset({"Data", "Flag", "Nothing"}))
    rows = [{"Data": ["a", 1, None], "Flag": True}, {"Data": {"b": 2}, "Flag": 0}, {"Data": "c", "Flag": 1.5}]
    table = batch_of(*rows, kind=LOGON, want=want).table
    assert table["Data"].to_pylist() == ["a\n1", '{"b":2}', "c"]
    assert table["Flag"].to_pylist() == ["true", "0", "1.5"]
    assert table["Nothing"].to_pylist() == [None] * 3
    assert table.schema.field("Nothing").type == pa.string()


def test_only_wanted_columns_are_built() -> None:
    want = Want(frozenset({"user.name"}))
    row = {"TargetUserName": "ada", "Computer": "ws", "SystemTime": "2026-03-01T10:00:00Z"}
    assert batch_of(row, kind=LOGON, want=want).table.column_names[3:] == ["@timestamp", "user.name"]


def test_half_of_a_surrogate_pair_does_not_break_a_column() -> None:
    assert column("message", "a\ud800b", 5) == ["a?b", "5"]
