"""Values are found in the lake in every column that can hold them, for the organisations their events concern."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pyarrow as pa
import pytest

from tocsin.pipeline.lake.files import Lake
from tocsin.pipeline.lake.search import Key, search
from tocsin.pipeline.schema.event import Batch, Kind

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
SHA256 = "e3" * 32


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    names = pa.array(["C2.evil.example.", "good.example", "evil.example", "notevil.example", None])
    columns = {
        "record": pa.array(range(5), pa.int64()),
        "offset": pa.array(range(5), pa.int64()),
        "raw": pa.array([b"x"] * 5),
        "@timestamp": pa.array([NOON + timedelta(minutes=n) for n in range(5)], pa.timestamp("us", tz="UTC")),
        "dns.question.name": names,
        "source.ip": pa.array(["192.0.2.7", "192.0.2.8", "::ffff:192.0.2.7", "2001:db8::1", "nonsense"]),
        "file.hash.sha256": pa.array([None, SHA256, None, None, SHA256]),
        "tocsin.organisations": pa.array([["AGRI"], ["AGRI", "COMP"], ["COMP"], ["AGRI"], None]),
    }
    lake = Lake(tmp_path)
    batch = Batch(Kind("zeek", "dns"), pa.table(columns))
    return [tmp_path / written.path for written in lake.write([(uuid4(), [batch])], date(2026, 11, 26))]


def test_a_domain_counts_for_all_names_below_it(files: list[Path]) -> None:
    found = search(files, {"domain": ["evil.example"]})
    assert {key: seen.count for key, seen in found.items()} == {
        Key("evil.example", "AGRI"): 1,
        Key("evil.example", "COMP"): 1,
    }
    assert found[Key("evil.example", "COMP")].first == NOON + timedelta(minutes=2)


def test_addresses_ranges_and_hashes_are_found_in_one_pass(files: list[Path]) -> None:
    found = search(files, {"ip": ["192.0.2.7", "2001:db8::/32"], "hash": [SHA256.upper()]})
    assert {key: seen.count for key, seen in found.items()} == {
        Key("192.0.2.7", "AGRI"): 1,
        Key("192.0.2.7", "COMP"): 1,
        Key("2001:db8::/32", "AGRI"): 1,
        Key(SHA256, "AGRI"): 1,
        Key(SHA256, "COMP"): 1,
        Key(SHA256, ""): 1,
    }


def test_what_is_nowhere_or_of_no_sort_finds_nothing(files: list[Path], tmp_path: Path) -> None:
    assert search(files, {"ip": ["198.51.100.1"], "mail": ["a@b.example"], "host": []}) == {}
    assert search([tmp_path / "gone.parquet"], {"ip": ["192.0.2.7"]}) == {}
