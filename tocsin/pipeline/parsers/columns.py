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
from functools import partial
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
    fields = [record.fields for _, record in rows]
    columns = {
        "record": pa.array([number for number, _ in rows], pa.int64()),
        "offset": pa.array([record.offset for _, record in rows], pa.int64()),
        "raw": pa.array([record.raw for _, record in rows], pa.binary()),
    }
    columns.update(_ecs(kind, fields, want.ecs, zone))
    columns.setdefault("@timestamp", pa.nulls(len(rows), TIMESTAMP))
    for name in sorted(want.native(kind) - columns.keys()):
        columns[name] = strings([row.get(name) for row in fields])
    return pa.table(columns)


def _ecs(kind: Kind, fields: Fields, wanted: frozenset[str] | None, zone: tzinfo) -> dict[str, pa.Array]:
    columns = {}
    for name, values in _values(kind, fields, wanted):
        if values.count(None) == len(values):
            continue
        column = _TYPED[vocabulary()[name].type](values, zone)
        if column.null_count < len(column):
            columns[name] = column
    return columns


def _values(kind: Kind, fields: Fields, wanted: frozenset[str] | None) -> Iterable[tuple[str, Values]]:
    """Give the values of each ECS column that is wanted and that records of this kind may fill."""
    if kind.product == "windows":
        for name, source in columns_of(kind).items():
            if wanted is None or name in wanted or name == "@timestamp":
                yield name, _from_source(source, fields)
        return
    names = vocabulary().keys() if wanted is None else (wanted & vocabulary().keys()) | {"@timestamp"}
    for name in names:
        yield name, [row.get(name) for row in fields]


def _from_source(source: Source, fields: Fields) -> Values:
    if source.constant is not None:
        return [source.constant] * len(fields)
    first, *others = source.names
    values = [row.get(first) for row in fields]
    for name in others:
        if None in values:
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
        return pa.array([None if value is None else _encodable(as_text(value)) for value in values], pa.string())


def _encodable(text: str) -> str:
    return text.encode(errors="replace").decode()


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
    try:
        return pa.array(values, pa.string()).cast(TIMESTAMP)
    except (pa.ArrowTypeError, pa.ArrowInvalid, UnicodeError):
        return pa.array(_by_distinct(values, partial(_date, zone=zone)), TIMESTAMP)


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
