"""Look for values in the lake: whose events name them, how often, and when first and last.

Only the columns that can hold a value are read, row group by row group, and each distinct value is looked at once.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from pathlib import Path
from typing import Any, Literal, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

Sort = Literal["ip", "domain", "hash", "mail", "host"]
COLUMNS: Mapping[Sort, tuple[str, ...]] = {
    "ip": ("source.ip", "destination.ip", "host.ip"),
    "domain": ("dns.question.name", "url.domain", "source.domain", "destination.domain"),
    "hash": ("file.hash.md5", "file.hash.sha1", "file.hash.sha256"),
    "mail": ("email.from.address", "email.to.address", "user.email"),
    "host": ("host.name", "source.domain", "destination.domain"),
}
OWNERS = "tocsin.organisations"
TIME = "@timestamp"
NOBODY = ""
Find = Callable[[str], str | None]


class Key(NamedTuple):
    """A value that was asked for, and an organisation whose events name it (empty: nobody's)."""

    value: str
    organisation: str


@dataclass(slots=True)
class Seen:
    """How often, and between which times."""

    count: int = 0
    first: datetime | None = None
    last: datetime | None = None

    def add(self, when: datetime | None) -> None:
        """Count one more event."""
        self.count += 1
        if when is not None:
            self.first = min(self.first or when, when)
            self.last = max(self.last or when, when)


def search(paths: Iterable[Path], wanted: Mapping[Sort, Collection[str]]) -> dict[Key, Seen]:
    """Give what the files say of the values of each sort; a domain counts for all names below it.

    A file that is gone (it was compacted meanwhile) is passed over.
    """
    finders = {sort: _finder(sort, values) for sort, values in wanted.items() if values}
    found: dict[Key, Seen] = {}
    for path in paths:
        try:
            file = pq.ParquetFile(path)
        except FileNotFoundError:
            continue
        with file:
            for table in _tables(file, finders):
                _look(table, finders, found)
    return found


def _tables(file: pq.ParquetFile, finders: Mapping[Sort, Find]) -> Iterator[pa.Table]:
    there = set(file.schema_arrow.names)
    named = {column for sort in finders for column in COLUMNS[sort]} & there
    if not named:
        return
    columns = [*sorted(named), *({OWNERS, TIME} & there)]
    for number in range(file.num_row_groups):
        yield file.read_row_group(number, columns=columns)


def _look(table: pa.Table, finders: Mapping[Sort, Find], found: dict[Key, Seen]) -> None:
    rows: dict[int, set[str]] = {}
    for sort, find in finders.items():
        for column in COLUMNS[sort]:
            if column in table.column_names:
                for row, value in _matches(table.column(column), find):
                    rows.setdefault(row, set()).add(value)
    if not rows:
        return
    hit = table.take(pa.array(sorted(rows)))
    times = hit.column(TIME).to_pylist() if TIME in table.column_names else [None] * hit.num_rows
    owners = hit.column(OWNERS).to_pylist() if OWNERS in table.column_names else [None] * hit.num_rows
    for row, when, whose in zip(sorted(rows), times, owners, strict=True):
        for value in rows[row]:
            for code in whose or (NOBODY,):
                found.setdefault(Key(value, code), Seen()).add(when)


def _matches(column: Any, find: Find) -> Iterator[tuple[int, str]]:
    distinct = {value: known for value in pc.unique(column).to_pylist() if value and (known := find(value))}
    if not distinct:
        return
    rows = pc.indices_nonzero(pc.is_in(column, pa.array(list(distinct), column.type)))
    for row, value in zip(rows.to_pylist(), column.take(rows).to_pylist(), strict=True):
        yield row, distinct[value]


def _finder(sort: Sort, values: Collection[str]) -> Find:
    if sort == "ip":
        return _addresses(values)
    known = {value.lower() for value in values}
    if sort == "domain":
        return lambda seen: _peeled(seen.lower().rstrip("."), known)
    return lambda seen: seen.lower() if seen.lower() in known else None


def _peeled(name: str, known: Collection[str]) -> str | None:
    while name:
        if name in known:
            return name
        name = name.partition(".")[2]
    return None


def _addresses(values: Collection[str]) -> Find:
    single = {found: value for value in values if (found := _address(value)) is not None}
    ranges = [(ip_network(value, strict=False), value) for value in values if "/" in value]

    def find(seen: str) -> str | None:
        here = _address(seen)
        if here is None:
            return None
        if here in single:
            return single[here]
        return next((value for network, value in ranges if here.version == network.version and here in network), None)

    return find


def _address(text: str) -> IPv4Address | IPv6Address | None:
    """Read an address; an IPv4 address written as IPv6 counts as IPv4."""
    try:
        found = ip_address(text)
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return mapped or found
