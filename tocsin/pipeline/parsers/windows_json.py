"""Windows events as JSON: flat, Event/System/EventData, or as winlogbeat ships them.

One object a line, objects spread over several lines, or an array of them. A record is one object. Fields keep
their native names (Channel, EventID, Provider_Name, Computer, Image, ...), the same as from an EVTX file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO, cast

import orjson

from tocsin.pipeline.parsers.documents import documents
from tocsin.pipeline.parsers.format import HEAD, Format
from tocsin.pipeline.parsers.lines import as_utf8, lines
from tocsin.pipeline.parsers.opening import Ahead
from tocsin.pipeline.parsers.windows_fields import Kinds, fields_of, flat
from tocsin.pipeline.schema.event import Reading, Record, Reject

_SIGNS = re.compile(rb'"(?:EventID|EventId|winlog|winlog\.[a-z_.]+)"\s*:|"System"\s*:\s*\{\s*"Provider"')
_OBJECT = re.compile(rb"^[ \t]*\[?[ \t]*\{", re.MULTILINE)


def sniff(head: bytes) -> bool:
    return bool(_OBJECT.search(head) and _SIGNS.search(head))


def read(stream: BinaryIO, reading: Reading) -> Iterator[Record | Reject]:
    ahead = Ahead(stream, HEAD)
    layout = reading.state.setdefault("layout", "documents" if _spread_out(ahead.head) else "lines")
    source = documents if layout == "documents" else lines
    return _records(source(cast(BinaryIO, ahead), reading))


def _spread_out(head: bytes) -> bool:
    """Tell an array, or objects over several lines, from one object a line."""
    first = as_utf8(head).lstrip().partition(b"\n")[0].strip()
    return first.startswith(b"[") or (first.startswith(b"{") and first.endswith(b"{"))


def _records(source: Iterator[tuple[int, bytes] | Reject]) -> Iterator[Record | Reject]:
    kinds, loads = Kinds(), orjson.loads
    for item in source:
        if isinstance(item, Reject):
            yield item
            continue
        offset, raw = item
        try:
            event = loads(raw)
        except orjson.JSONDecodeError as error:
            yield Reject(offset, raw, _why(raw, error))
            continue
        fields = None
        if event.__class__ is dict:
            known = "EventID" in event and "Channel" in event and event["EventID"].__class__ is not dict
            fields = flat(event) if known else fields_of(event)
        if fields is None:
            yield Reject(offset, raw, "JSON, but no Windows event: there is no EventID with a channel or provider")
            continue
        get = fields.get
        try:
            kind = kinds[get("Channel"), get("EventID"), get("Provider_Name")]
        except TypeError:
            yield Reject(offset, raw, "Channel, EventID or Provider_Name is not a single value")
            continue
        yield Record(kind, offset, raw, fields)


def _why(raw: bytes, error: orjson.JSONDecodeError) -> str:
    try:
        raw.decode()
    except UnicodeDecodeError as wrong:
        return f"not UTF-8 at byte {wrong.start}"
    return f"not JSON: {error}"


FORMAT = Format(name="windows_json", sniff=sniff, read=read)
