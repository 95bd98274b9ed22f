"""Columns of claims: small integers per row, worked out on the distinct values only."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from tocsin.pipeline.enrich.asset import microseconds
from tocsin.pipeline.enrich.claim import Claims, Grade, Timeline

Numbers = npt.NDArray[np.int64]
LISTS = pa.list_(pa.string())
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


class Remembered(dict[str, Timeline]):
    """Remember the claims on values that were looked up before."""

    def __init__(self, look_up: Callable[[str], Timeline]) -> None:
        super().__init__()
        self._look_up = look_up

    def __missing__(self, value: str | None) -> Timeline:
        line = self._look_up(value or "")
        if value is not None:
            self[value] = line
        return line


def resolve(column: pa.ChunkedArray, known: Remembered, when: Times) -> Numbers:
    """Give the number of the claim on each row of a column."""
    encoded = _encoded(column)
    timelines = [known[value] for value in encoded.dictionary.to_pylist()]
    constant = [line.between(when.first, when.last) if line.starts else line.numbers[0] for line in timelines]
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
    return _decided(left, right, merge)


def _decided(left: Numbers, right: Numbers, merge: Callable[[int, int], int]) -> Numbers:
    base = int(right.max()) + 1
    pairs = pa.array(left * base + right).dictionary_encode()
    decided = [merge(*divmod(pair, base)) for pair in pairs.dictionary.to_pylist()]
    found: Numbers = np.array(decided, dtype=np.int64)[pairs.indices.to_numpy()]
    return found


def lists(numbers: Numbers, claims: Claims) -> pa.Array:
    """Turn the claims on a role into lists of its owners; null for nobody."""
    if not numbers.any():
        return pa.nulls(len(numbers), LISTS)
    encoded = pa.array(numbers).dictionary_encode()
    owners = [claims.items[number].owners or None for number in encoded.dictionary.to_pylist()]
    return pa.array(owners, LISTS).take(encoded.indices)


def union(columns: Iterable[Numbers], claims: Claims, size: int) -> pa.Array:
    """Give the owners of any role of each row; an empty list for nobody."""
    rows: list[tuple[int, ...]] = [()]

    def joined(left: int, right: int) -> int:
        rows.append((*rows[left], right))
        return len(rows) - 1

    numbers: Numbers = np.zeros(size, dtype=np.int64)
    for column in columns:
        if column.any():
            numbers = _decided(numbers, column, joined)
    used = pa.array(numbers).dictionary_encode()
    owners = [
        sorted({owner for number in rows[place] for owner in claims.items[number].owners})
        for place in used.dictionary.to_pylist()
    ]
    return pa.array(owners, LISTS).take(used.indices)


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
