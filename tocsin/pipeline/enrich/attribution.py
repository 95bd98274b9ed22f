"""Columns of claims: small integers per row, worked out on the distinct values only."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from tocsin.pipeline.enrich.asset import microseconds
from tocsin.pipeline.enrich.claim import Claims, Grade, Timeline

Numbers = npt.NDArray[np.int64]
CHANGES = -1


@dataclass(frozen=True, slots=True)
class Times:
    """When each row happened, in microseconds."""

    rows: Numbers
    first: int
    last: int


def times(table: pa.Table, now: datetime) -> Times:
    """Take the time of each row; a row without one counts as of now."""
    at = microseconds(now)
    if "@timestamp" not in table.column_names or table.num_rows == 0:
        return Times(np.full(table.num_rows, at), at, at)
    stamps = _whole(table.column("@timestamp")).cast(pa.timestamp("us", tz="UTC")).cast(pa.int64())
    rows = stamps.fill_null(at).to_numpy(zero_copy_only=False)
    return Times(rows, int(rows.min()), int(rows.max()))


def resolve(column: pa.ChunkedArray, look_up: Callable[[str], Timeline], when: Times) -> Numbers:
    """Give the number of the claim on each row of a column."""
    encoded = _encoded(column)
    timelines = [look_up(value or "") for value in encoded.dictionary.to_pylist()]
    constant = [line.between(when.first, when.last) for line in timelines]
    places = encoded.indices.fill_null(len(constant)).to_numpy(zero_copy_only=False)
    numbers: Numbers = np.array([*constant, 0], dtype=np.int64)[places]
    for row in np.flatnonzero(numbers == CHANGES):
        numbers[row] = timelines[places[row]].at(int(when.rows[row]))
    return numbers


def merged(left: Numbers, right: Numbers, merge: Callable[[int, int], int]) -> Numbers:
    """Merge two columns of claims, deciding once for each pair that occurs."""
    if not left.any():
        return right
    if not right.any():
        return left
    base = int(right.max()) + 1
    pairs = pa.array(left * base + right).dictionary_encode()
    decided = [merge(*divmod(pair, base)) for pair in pairs.dictionary.to_pylist()]
    found: Numbers = np.array(decided, dtype=np.int64)[pairs.indices.to_numpy()]
    return found


class Owners:
    """Turn columns of claims into Arrow lists of organisations."""

    def __init__(self, claims: Claims) -> None:
        self._claims = claims
        self._lists = self._build()

    def column(self, numbers: Numbers) -> pa.Array:
        """Give the owners of each row, sorted; an empty list for nobody."""
        if len(self._lists) != len(self._claims.items):
            self._lists = self._build()
        return self._lists.take(pa.array(numbers))

    def column_or_null(self, numbers: Numbers) -> pa.Array:
        """Give the owners of each row, sorted; null for nobody."""
        if not numbers.any():
            return pa.nulls(len(numbers), self._lists.type)
        if len(self._lists) != len(self._claims.items):
            self._lists = self._build()
        return self._lists.take(pa.array(numbers, mask=numbers == 0))

    def _build(self) -> pa.Array:
        return pa.array([list(claim.owners) for claim in self._claims.items], pa.list_(pa.string()))


def stronger(claims: Claims, ancestors: Callable[[str], Sequence[str]]) -> Callable[[int, int], int]:
    """Decide between two columns of one role, such as the address and the name of one host.

    An entry for exactly this machine wins. Else the narrower organisation does: a department's range
    says more than the domain of its whole institution. Else a name says more than a range.
    """

    def below(low: Sequence[str], high: Sequence[str]) -> bool:
        return all(any(other in ancestors(owner) for other in high) for owner in low)

    def decide(left: int, right: int) -> int:
        one, other = claims.items[left], claims.items[right]
        if not (left and right) or one == other:
            return left or right
        by_machine = (one.grade == Grade.MACHINE) - (other.grade == Grade.MACHINE)
        by_tree = below(one.owners, other.owners) - below(other.owners, one.owners)
        verdict = by_machine or by_tree or one.grade - other.grade
        if verdict:
            return left if verdict > 0 else right
        return claims.union((left, right))

    return decide


def _whole(column: pa.ChunkedArray) -> pa.Array:
    whole = column.combine_chunks()
    return whole if isinstance(whole, pa.Array) else pa.concat_arrays(whole.chunks)


def _encoded(column: pa.ChunkedArray) -> pa.DictionaryArray:
    """Encode a column by its distinct values; lists become lines of one text."""
    whole = _whole(column)
    if pa.types.is_dictionary(whole.type):
        return whole
    if pa.types.is_list(whole.type):
        whole = pc.binary_join(whole, "\n")
    return whole.dictionary_encode()
