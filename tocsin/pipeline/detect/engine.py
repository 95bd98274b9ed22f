"""Run a plan on batches: look at each distinct value once, then join rows as bits.

The rows of a batch where something holds are one integer, bit by bit: joining two takes nanoseconds
however many rows there are.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from tocsin.pipeline.detect.kindplan import Asked, Every, KindPlan, Never, Some, Step
from tocsin.pipeline.detect.plan import Plan
from tocsin.pipeline.detect.rule import Hit, Rule
from tocsin.pipeline.detect.terms import SameAs
from tocsin.pipeline.detect.text import fold
from tocsin.pipeline.detect.values import Values
from tocsin.pipeline.schema.event import Batch

REMEMBERED = 200_000  # values, over all kinds and columns


class Engine:
    """Find which rules hold for which rows. Threads may share it; they take turns."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self._seen = 0

    def detect(self, batch: Batch) -> list[Hit]:
        """Give the hits in a batch, by row and then in the order of the rules."""
        plan = self.plan.of(batch.kind)
        if not plan.rules or batch.table.num_rows == 0:
            return []
        with self.plan.lock:
            look = _Look(plan, batch.table)
            hits = [Hit(rule, row) for rule, bits in look.held() for row in _rows(bits)]
            self._bound(look.seen)
        return sorted(hits, key=lambda hit: hit.row)

    def _bound(self, seen: int) -> None:
        self._seen += seen
        if self._seen > REMEMBERED:
            self.plan.forget()
            self._seen = 0


@dataclass(frozen=True, slots=True)
class _Column:
    """A column by its distinct values: ``codes`` has the number of each row's value, -1 for none."""

    values: list[str]
    codes: npt.NDArray[np.int32]


class _Look:
    """One look at one table."""

    def __init__(self, plan: KindPlan, table: pa.Table) -> None:
        self._plan = plan
        self._table = table
        self._all: int = (1 << table.num_rows) - 1
        self._columns: dict[str, _Column | None] = {}
        self._bits: dict[int, int] = {}
        self.seen = 0

    def held(self) -> Iterator[tuple[Rule, int]]:
        """Give each rule that holds somewhere, with the rows as bits."""
        numbers = set(self._plan.always)
        by_term = self._plan.by_term
        for term in (*self._found, *self._words):
            numbers.update(by_term.get(term, ()))
        for number in sorted(numbers):
            prepared = self._plan.rules[number]
            bits = self._holds(prepared.step)
            if bits:
                yield prepared.rule, bits

    @cached_property
    def _found(self) -> dict[int, list[int]]:
        """The values found for each term."""
        found: defaultdict[int, list[int]] = defaultdict(list)
        for name, values in self._plan.values.items():
            column = self._column(name)
            if column is not None:
                _look_up(column.values, values, found)
                self.seen += len(column.values)
        return found

    @cached_property
    def _words(self) -> dict[int, list[int]]:
        """The rows found for each keyword."""
        if self._plan.keywords is None:
            return {}
        return self._plan.keywords.rows(self._table.column("raw").to_pylist())

    def _holds(self, step: Step) -> int:
        match step:
            case Asked():
                return self._leaf(step)
            case Every(steps):
                bits = self._all
                for part in steps:
                    bits &= self._holds(part)
                    if not bits:
                        break
                return bits
            case Some(steps):
                bits = 0
                for part in steps:
                    bits |= self._holds(part)
                return bits
            case Never(part):
                return self._all ^ self._holds(part)
        return self._all if step.holds else 0

    def _leaf(self, asked: Asked) -> int:
        bits = self._bits.get(asked.number)
        if bits is None:
            bits = self._bits[asked.number] = self._ask(asked)
        return bits

    def _ask(self, asked: Asked) -> int:
        if asked.column is None:
            return _as_bits_of_rows(row for term in asked.terms for row in self._words.get(term, ()))
        column = self._column(asked.column)
        if column is None:
            return self._all if True in asked.missing else 0
        bits = 0
        numbers = [number for term in asked.terms for number in self._found.get(term, ())]
        if numbers:
            passed = np.zeros(len(column.values) + 1, dtype=np.bool_)
            passed[numbers] = True
            bits = _as_bits(passed[column.codes])
        for missing in asked.missing:
            bits |= _as_bits((column.codes < 0) == missing)
        for same in asked.same:
            bits |= self._same(column, same)
        return bits

    def _same(self, column: _Column, same: SameAs) -> int:
        other = self._column(same.field)
        if other is None:
            return 0
        pairs = zip(column.codes.tolist(), other.codes.tolist(), strict=True)
        return _as_bits_of_rows(
            row
            for row, (one, two) in enumerate(pairs)
            if one >= 0 and two >= 0 and _is_same(column.values[one], other.values[two], same)
        )

    def _column(self, name: str) -> _Column | None:
        if name not in self._columns:
            self._columns[name] = _encoded(self._table.column(name)) if name in self._table.column_names else None
        return self._columns[name]


def _look_up(distinct: list[str], values: Values, found: defaultdict[int, list[int]]) -> None:
    known, terms = values.memory.get, values.terms
    for number, value in enumerate(distinct):
        passed = known(value)
        for term in terms(value) if passed is None else passed:
            found[term].append(number)


def _encoded(column: pa.ChunkedArray) -> _Column:
    array = column.combine_chunks()
    if isinstance(array, pa.ChunkedArray):
        array = pa.concat_arrays(array.chunks) if array.num_chunks else pa.array([], column.type)
    if pa.types.is_list(array.type) or pa.types.is_large_list(array.type):
        array = pc.binary_join(array, "\n")
    if not pa.types.is_dictionary(array.type):
        array = (array if pa.types.is_string(array.type) else array.cast(pa.string())).dictionary_encode()
    codes = array.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int32, copy=False)
    return _Column(array.dictionary.to_pylist(), codes)


def _is_same(value: str, other: str, same: SameAs) -> bool:
    value, other = fold(value), fold(other)
    if same.starts and same.ends:
        return other in value
    if same.starts:
        return value.startswith(other)
    return value.endswith(other) if same.ends else value == other


def _as_bits(mask: npt.NDArray[np.bool_]) -> int:
    return int.from_bytes(np.packbits(mask, bitorder="little").tobytes(), "little")


def _as_bits_of_rows(rows: Iterable[int]) -> int:
    bits = 0
    for row in rows:
        bits |= 1 << row
    return bits


def _rows(bits: int) -> list[int]:
    packed = np.frombuffer(bits.to_bytes(bits.bit_length() // 8 + 1, "little"), dtype=np.uint8)
    rows: list[int] = np.flatnonzero(np.unpackbits(packed, bitorder="little")).tolist()
    return rows
