"""Zeek's logs, as tab-separated values with their header or as JSON lines.

A record is one line that is no header. Fields keep Zeek's names (id.orig_h, query, ...); those of dns, conn, http and
the other well-known logs have their ECS names beside them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any, BinaryIO

import orjson
import yaml

from tocsin.pipeline.parsers.access_log import url_parts
from tocsin.pipeline.parsers.format import Format
from tocsin.pipeline.parsers.lines import lines
from tocsin.pipeline.parsers.messages import is_ip
from tocsin.pipeline.schema.event import Kind, Reading, Record, Reject

_SIGNS = re.compile(
    rb'"(?:_path|@stream)"\s*:|"(?:ts|uid)"\s*:.*"(?:uid|id[._]orig_h|fuid|peer|node|mac)"\s*:|\.zeek"\}'
)
_HEADER = re.compile(rb"^#(?:separator|fields)[ \t]", re.MULTILINE)
_ESCAPE = re.compile(r"\\x([0-9A-Fa-f]{2})")
_DEFAULTS = {"separator": "\t", "set_separator": ",", "empty_field": "(empty)", "unset_field": "-", "path": ""}
_PORT = re.compile(r":\d+$")


def sniff(head: bytes) -> bool:
    if _HEADER.search(head):
        return True
    first = next((line for line in head.split(b"\n") if line.startswith(b"{")), b"")
    return bool(_SIGNS.search(first)) and b'"EventID"' not in first


def read(stream: BinaryIO, reading: Reading) -> Iterator[Record | Reject]:
    for item in lines(stream, reading):
        if isinstance(item, Reject):
            yield item
            continue
        offset, raw = item
        if raw[:1] == b"{":
            yield _from_json(offset, raw)
        elif raw[:1] == b"#":
            _remember(raw.decode(errors="backslashreplace"), reading)
        else:
            yield _from_columns(offset, raw, reading)


def _remember(line: str, reading: Reading) -> None:
    """Note what a header line says about the lines that follow; it stays known where reading resumes."""
    header = reading.state.setdefault("header", dict(_DEFAULTS))
    name, _, value = line[1:].partition(" " if line.startswith("#separator ") else header["separator"])
    if name.startswith("separator"):
        header["separator"] = _unescaped(value or name.removeprefix("separator").strip()) or "\t"
    elif name in ("fields", "types"):
        header[name] = value.split(header["separator"])
    elif name in _DEFAULTS:
        header[name] = value


def _from_columns(offset: int, raw: bytes, reading: Reading) -> Record | Reject:
    header: Mapping[str, Any] = reading.state.get("header", {})
    names, types = header.get("fields"), header.get("types", ())
    if not names:
        return Reject(offset, raw, "no #fields line before this one says what the columns are")
    if b"\0" in raw:
        return Reject(offset, raw, f"NUL byte at {raw.find(0)}")
    values = raw.decode(errors="backslashreplace").split(header["separator"])
    if len(values) != len(names):
        return Reject(offset, raw, f"{len(values)} columns where #fields names {len(names)}")
    unset = header["unset_field"]
    types = types if len(types) == len(names) else ("string",) * len(names)
    told = zip(names, types, values, strict=True)
    fields = {name: _typed(value, type_, header) for name, type_, value in told if value != unset}
    return _record(offset, raw, header["path"] or "unknown", fields)


def _typed(value: str, type_: str, header: Mapping[str, Any]) -> Any:
    """Turn a column into what the same log holds as JSON."""
    if type_.startswith(("set[", "vector[", "table[")):
        inner = type_.partition("[")[2].rstrip("]")
        parts = [] if value == header["empty_field"] else value.split(header["set_separator"] or ",")
        return [_typed(part, inner, header) for part in parts]
    if value == header["empty_field"]:
        return ""
    if type_ == "bool":
        return {"T": True, "F": False}.get(value, value)
    if type_ in ("count", "int", "port") and value.lstrip("-").isdecimal() and len(value) < 20:
        return int(value)
    if type_ in ("time", "interval", "double"):
        return _float(value)
    return _unescaped(value)


def _float(value: str) -> float | str:
    try:
        return float(value)
    except ValueError:
        return value


def _unescaped(value: str) -> str:
    return _ESCAPE.sub(lambda match: chr(int(match[1], 16)), value) if "\\x" in value else value


def _from_json(offset: int, raw: bytes) -> Record | Reject:
    try:
        event = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        return Reject(offset, raw, f"not JSON: {error}")
    if "id_orig_h" in event or "id_resp_h" in event:
        event = {_dotted(name): value for name, value in event.items()}
    path = event.get("_path") or event.get("@stream") or _path_of(event)
    return _record(offset, raw, path if isinstance(path, str) else "unknown", event)


def _dotted(name: str) -> str:
    return f"id.{name[3:]}" if name.startswith(("id_orig_", "id_resp_")) else name


def _path_of(event: Mapping[str, Any]) -> str:
    for path, names in _knowledge()["signatures"].items():
        if all(name in event for name in names):
            return str(path)
    return "loaded_scripts" if str(event.get("name")).endswith(".zeek") else "unknown"


def _record(offset: int, raw: bytes, path: str, fields: dict[str, Any]) -> Record:
    path = path.lower()[:64]
    fields.update(_ecs(path, fields))
    return Record(Kind("zeek", path), offset, raw, fields)


def _ecs(path: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    columns: dict[str, Any] = {"event.kind": "event", "event.dataset": f"zeek.{path}", "event.provider": "zeek"}
    if "ts" in fields:
        columns["@timestamp"] = fields["ts"]
    for native, name in _mapping(path):
        value = fields.get(native)
        if value not in (None, "", []):
            columns.setdefault(name, value)
    columns.update(_derived(path, fields))
    return columns


def _derived(path: str, fields: Mapping[str, Any]) -> Iterable[tuple[str, Any]]:
    duration = fields.get("duration")
    if isinstance(duration, float | int) and abs(duration) < 1e9:
        yield "event.duration", int(duration * 1_000_000_000)
    if path == "http":
        if isinstance(fields.get("uri"), str):
            yield from url_parts(fields["uri"])
        host = fields.get("host")
        if isinstance(host, str) and host:
            bare = _PORT.sub("", host).strip("[]") if not is_ip(host) else host
            yield "url.domain", bare
            if not is_ip(bare):
                yield "destination.domain", bare


@cache
def _mapping(path: str) -> tuple[tuple[str, str], ...]:
    known = _knowledge()
    return tuple((known.get(path, {}) | known["all"]).items()) if path not in ("all", "signatures") else ()


@cache
def _knowledge() -> Mapping[str, Any]:
    text = files(__package__).joinpath("zeek.yaml").read_text(encoding="utf-8")
    knowledge: dict[str, Any] = yaml.safe_load(text)
    return knowledge


FORMAT = Format(name="zeek", sniff=sniff, read=read)
