"""Turn records into Arrow columns: one narrow table per kind, only the columns somebody wants.

ECS columns are typed by the vocabulary; a value that does not fit its type becomes null. One that no
record of the batch fills is left out (except ``@timestamp``). Native columns are strings and always
there when asked for: numbers as written, true and false in lower case, several values one a line.
A list is never confused with one long value: whoever matches whole values splits at the newline.
"""

from __future__ import annotations

import ipaddress
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from functools import cache, partial
from typing import Any

import orjson
import pyarrow as pa

from tocsin.pipeline.schema.event import Batch, Kind, Record
from tocsin.pipeline.schema.vocabulary import vocabulary
from tocsin.pipeline.schema.want import Want
from tocsin.pipeline.schema.windows import Source, columns_of

TIMESTAMP = pa.timestamp("us", tz="UTC")
LONG = (-(2**63), 2**63 - 1)
EARLIEST_YEAR, LATEST_YEAR = 1678, 2261  # what nanosecond readers of the lake can still hold

Values = list[Any]
Fields = Sequence[Mapping[str, Any]]


def to_batches(records: Sequence[tuple[int, Record]], want: Want, zone: tzinfo = UTC) -> list[Batch]:
    """Group numbered records by kind and build the wanted columns; stamps without a zone are of ``zone``."""
    groups: defaultdict[Kind, list[tuple[int, Record]]] = defaultdict(list)
    for numbered in records:
        groups[numbered[1].kind].append(numbered)
    return [Batch(kind, _table(kind, rows, want, zone)) for kind, rows in groups.items()]


def _table(kind: Kind, rows: Sequence[tuple[int, Record]], want: Want, zone: tzinfo) -> pa.Table:
    numbers, records = zip(*rows, strict=True)
    _, offsets, raws, fields = zip(*records, strict=True)
    present = frozenset().union(*fields)
    columns = {
        "record": pa.array(numbers, pa.int64()),
        "offset": pa.array(offsets, pa.int64()),
        "raw": pa.array(raws, pa.binary()),
    }
    columns.update(_ecs(kind, fields, present, want.ecs, zone))
    columns.setdefault("@timestamp", pa.nulls(len(rows), TIMESTAMP))
    nothing = pa.nulls(len(rows), pa.string())
    for name in sorted(want.native(kind) - columns.keys()):
        columns[name] = strings([row.get(name) for row in fields]) if name in present else nothing
    return pa.Table.from_arrays(list(columns.values()), list(columns))


def _ecs(
    kind: Kind, fields: Fields, present: frozenset[str], wanted: frozenset[str] | None, zone: tzinfo
) -> dict[str, pa.Array]:
    columns = {}
    for name, source in _sources(kind, wanted):
        if source.constant is not None:
            columns[name] = pa.repeat(source.constant, len(fields))
            continue
        names = [native for native in source.names if native in present]
        if names:
            column = _TYPED[vocabulary()[name].type](_from_fields(names, source, fields), zone)
            if column.null_count < len(column):
                columns[name] = column
    return columns


def _sources(kind: Kind, wanted: frozenset[str] | None) -> Iterable[tuple[str, Source]]:
    """Give where each ECS column comes from that is wanted and that records of this kind may fill."""
    mapped = columns_of(kind) if kind.product == "windows" else _own_names()
    if wanted is None:
        return mapped.items()
    return ((name, source) for name, source in mapped.items() if name in wanted or name == "@timestamp")


@cache
def _own_names() -> Mapping[str, Source]:
    """Say that every column comes from the field of its own name, as parsers other than Windows' give them."""
    return {name: Source((name,)) for name in vocabulary()}


def _from_fields(names: Sequence[str], source: Source, fields: Fields) -> Values:
    first, *others = names
    values = [row.get(first) for row in fields]
    for name in others:
        if None not in values:
            break
        values = [row.get(name) if value is None else value for value, row in zip(values, fields, strict=True)]
    part = source.part
    return _by_distinct(values, lambda value: part(as_text(value))) if part else values


def _by_distinct(values: Values, convert: Callable[[Any], Any]) -> Values:
    """Convert each distinct value once: most columns repeat few of them."""
    try:
        known = {value: convert(value) for value in set(values) - {None}}
    except TypeError:  # lists and objects do not go into a set
        return _by_distinct([None if value is None else as_text(value) for value in values], convert)
    return [known.get(value) for value in values]


def as_text(value: Any) -> str:
    """Write one native value as rules know it."""
    if isinstance(value, str):
        return value
    if value is True:
        return "true"
    if value is False:
        return "false"
    if isinstance(value, list | tuple):
        return "\n".join(as_text(item) for item in value if item is not None)
    if isinstance(value, dict):
        return orjson.dumps(value, default=str).decode()
    return str(value)


def strings(values: Values, _zone: tzinfo = UTC) -> pa.Array:
    """Build a column of strings of whatever the records hold."""
    try:
        return pa.array(values, pa.string())
    except (pa.ArrowTypeError, pa.ArrowInvalid, UnicodeError):
        texts = [value if value is None or value.__class__ is str else as_text(value) for value in values]
    try:
        return pa.array(texts, pa.string())
    except (pa.ArrowInvalid, UnicodeError):
        return pa.array([text and text.encode(errors="replace").decode() for text in texts], pa.string())


def _longs(values: Values, _zone: tzinfo) -> pa.Array:
    return pa.array(_by_distinct(values, _long), pa.int64())


def _long(value: Any) -> int | None:
    try:
        number = int(value)
    except (ValueError, OverflowError):
        return None
    return number if LONG[0] <= number <= LONG[1] else None


def _ips(values: Values, _zone: tzinfo) -> pa.Array:
    return pa.array(_by_distinct(values, _ip), pa.string())


def _ip(value: Any) -> str | None:
    """Write an address the one usual way, an IPv4 address mapped into IPv6 as IPv4."""
    try:
        address = ipaddress.ip_address(as_text(value).partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return str(mapped or address)


_BOOLEANS = {"true": True, "1": True, "t": True, "yes": True, "false": False, "0": False, "f": False, "no": False}


def _booleans(values: Values, _zone: tzinfo) -> pa.Array:
    return pa.array(_by_distinct(values, lambda value: _BOOLEANS.get(as_text(value).lower())), pa.bool_())


def _dates(values: Values, zone: tzinfo) -> pa.Array:
    for spelling in (_as_written, _with_zone) if zone is UTC else (_as_written,):
        try:
            # Windows writes up to nine digits of a second; going by way of nanoseconds reads them all
            return pa.array(spelling(values), pa.string()).cast(pa.timestamp("ns", "UTC")).cast(TIMESTAMP, safe=False)
        except (pa.ArrowTypeError, pa.ArrowInvalid, UnicodeError):
            continue
    return pa.array(_by_distinct(values, partial(_date, zone=zone)), TIMESTAMP)


def _as_written(values: Values) -> Values:
    return values


def _with_zone(values: Values) -> Values:
    return [
        f"{value}Z" if value.__class__ is str and 19 <= len(value) <= 29 and value[-1] != "Z" else value
        for value in values
    ]


def _date(value: Any, zone: tzinfo) -> datetime | None:
    """Read a stamp: an aware datetime, seconds since 1970, or ISO 8601 text, without a zone of ``zone``."""
    try:
        if isinstance(value, datetime):
            stamp = value
        elif isinstance(value, int | float):
            stamp = datetime.fromtimestamp(value, UTC)
        else:
            stamp = datetime.fromisoformat(as_text(value).strip())
        stamp = stamp if stamp.tzinfo else stamp.replace(tzinfo=zone)
        stamp = stamp.astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return stamp if EARLIEST_YEAR <= stamp.year <= LATEST_YEAR else None


_TYPED: Mapping[str, Callable[[Values, tzinfo], pa.Array]] = {
    "keyword": strings,
    "text": strings,
    "ip": _ips,
    "long": _longs,
    "boolean": _booleans,
    "date": _dates,
}
