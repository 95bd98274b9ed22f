"""The engine takes whatever columns it is given."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import orjson
import pyarrow as pa

from tests.pipeline.detect.building import KIND, batch, plan, rows, rule
from tocsin.pipeline.detect import engine
from tocsin.pipeline.detect.engine import Engine
from tocsin.pipeline.schema.event import Batch, Kind

COMPILED = plan(rule({"selection": {"A|contains": "x"}}))


def _hits(table: pa.Table) -> list[int]:
    return [hit.row for hit in Engine(COMPILED).detect(Batch(KIND, table))]


def test_hits_come_by_row_then_by_rule() -> None:
    compiled = plan(rule({"selection": {"A": ["x", "y"]}}, "one"), rule({"selection": {"A": "y"}}, "two"))
    assert rows(compiled, [{"A": "y"}, {"A": "x"}, {"A": "y"}]) == [
        ("one", 0),
        ("two", 0),
        ("one", 1),
        ("one", 2),
        ("two", 2),
    ]


def test_a_table_without_rows_has_no_hits() -> None:
    assert _hits(pa.table({"A": pa.array([], pa.string()), "raw": pa.array([], pa.binary())})) == []


def test_a_column_may_be_absent_or_all_null() -> None:
    raw = pa.array([b"", b""], pa.binary())
    assert _hits(pa.table({"raw": raw})) == []
    assert _hits(pa.table({"raw": raw, "A": pa.nulls(2, pa.string())})) == []
    lacking = plan(rule({"selection": {"A": None}}))
    assert [hit.row for hit in Engine(lacking).detect(Batch(KIND, pa.table({"raw": raw})))] == [0, 1]


def test_a_column_may_come_in_pieces() -> None:
    pieces = pa.chunked_array([pa.array(["x", None]), pa.array([], pa.string()), pa.array(["y", "ax"])])
    assert _hits(pa.table({"A": pieces})) == [0, 3]


def test_a_column_may_be_encoded_already() -> None:
    assert _hits(pa.table({"A": pa.array(["x", None, "y", "x"]).dictionary_encode()})) == [0, 3]
    pieces = pa.chunked_array([pa.array(["x", "y"]).dictionary_encode(), pa.array(["z", "x"]).dictionary_encode()])
    assert _hits(pa.table({"A": pieces})) == [0, 3]


def test_a_column_may_hold_lists() -> None:
    assert _hits(pa.table({"A": pa.array([["a", "x"], [], None, ["b"]], pa.list_(pa.string()))})) == [0]


def test_a_column_may_hold_numbers_truths_and_times() -> None:
    compiled = plan(
        rule({"selection": {"A|gte": 10}}, "number"),
        rule({"selection": {"B": True}}, "truth"),
        rule({"selection": {"C|hour": 3}}, "time"),
    )
    table = pa.table(
        {
            "A": pa.array([9, 10, None], pa.int64()),
            "B": pa.array([True, False, None]),
            "C": pa.array([0, 3 * 3_600_000_000, None], pa.timestamp("us", tz="UTC")),
        }
    )
    found = [(hit.rule.title, hit.row) for hit in Engine(compiled).detect(Batch(KIND, table))]
    assert found == [("truth", 0), ("number", 1), ("time", 1)]


def test_many_rows_keep_their_numbers() -> None:
    events = [{"A": "x" if number % 1000 == 7 else "y"} for number in range(5000)]
    assert [row for _, row in rows(COMPILED, events)] == [7, 1007, 2007, 3007, 4007]


def test_a_kind_no_rule_asks_for_is_passed_over() -> None:
    assert Engine(COMPILED).detect(batch(COMPILED, [{"A": "x"}], Kind("web", "access"))) == []


def test_what_is_remembered_of_values_is_bounded(monkeypatch: object) -> None:
    engine_of = Engine(COMPILED)
    part = COMPILED.of(KIND)
    limit, engine.REMEMBERED = engine.REMEMBERED, 100
    try:
        for start in range(0, 1000, 50):
            engine_of.detect(batch(COMPILED, [{"A": f"v{number}"} for number in range(start, start + 50)]))
            assert len(part.values["A"].memory) <= 150
    finally:
        engine.REMEMBERED = limit


def test_threads_may_share_an_engine() -> None:
    compiled = plan(rule({"selection": {"A|re": "x[0-9]+y"}}))
    shared = Engine(compiled)
    batches = [batch(compiled, [{"A": f"x{thread}{number}y"} for number in range(500)]) for thread in range(8)]
    with ThreadPoolExecutor(8) as pool:
        assert [len(hits) for hits in pool.map(shared.detect, batches)] == [500] * 8


def test_long_values_are_looked_at_but_not_remembered() -> None:
    compiled = plan(rule({"selection": {"A|endswith": "x"}}))
    assert rows(compiled, [{"A": "a" * 1_000_000 + "x"}]) == [("A rule", 0)]
    assert not compiled.of(KIND).values["A"].memory


def test_a_keyword_is_found_however_json_wrote_it() -> None:
    compiled = plan(rule({"selection": [r"\temp\été/<a>"]}))
    value = "C:\\Temp\\ÉTÉ/<A>"
    escaped = (
        orjson.dumps({"A": value}).replace(b"/", rb"\/").replace(b"<", rb"\u003c").replace("É".encode(), rb"\u00C9")
    )
    doubled = orjson.dumps({"A": value}).replace(b"\\\\", rb"\u005C")
    table = pa.table({"raw": pa.array([escaped, doubled, b'{"A": "temp"}', value.encode(), b"{ " + value.encode()])})
    assert [hit.row for hit in Engine(compiled).detect(Batch(KIND, table))] == [0, 1, 3, 4]
