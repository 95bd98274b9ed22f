"""Access logs of web servers: common, combined and nginx's default, with or without the site's name in front.

Where proxies have written a list of addresses (X-Forwarded-For), the first that they knew is the client.

A record is one line. A request line that is no HTTP (a probe, garbage) is kept as it came in ``url.original``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache
from typing import Any, BinaryIO
from urllib.parse import urlsplit

from tocsin.pipeline.parsers.format import Format
from tocsin.pipeline.parsers.lines import first_lines, glued, lines
from tocsin.pipeline.parsers.messages import is_ip
from tocsin.pipeline.parsers.syslog import MONTHS
from tocsin.pipeline.schema.event import Kind, Reading, Record, Reject

KIND = Kind("web", "access")
_QUOTED = r'"((?:[^"\\]|\\.)*)"'
_LINE = re.compile(
    r"(?:(?P<site>[^\s\[\],\"]+) )?(?P<client>(?!- )[^\s,\"]+(?:, *[^\s,\"]+)*) "
    r"(?P<ident>[^\s\"]+) (?P<user>[^\"\[]{1,256}) "
    r"\[(?P<day>\d\d)/(?P<month>[A-Z][a-z]{2})/(?P<year>\d{4}):(?P<clock>\d\d:\d\d:\d\d) (?P<zone>[+-]\d{4})\] "
    r'"(?P<request>(?:[^"\\]|\\.)*)" (?P<status>\d{3}) (?P<size>\d+|-)'
    r'(?: "(?P<referrer>(?:[^"\\]|\\.)*)" "(?P<agent>(?:[^"\\]|\\.)*)")?(?: .*)?',
    re.DOTALL,
)
_REQUEST = re.compile(r"(?P<method>[A-Za-z_-]{1,32}) (?P<target>.*?)(?: HTTP/(?P<version>\d(?:\.\d)?))?", re.DOTALL)
_ESCAPES = re.compile(r'(?:\\x[0-9A-Fa-f]{2})+|\\["\\]')


def sniff(head: bytes) -> bool:
    shown = first_lines(head)
    fitting = sum(1 for line in shown if _LINE.fullmatch(line.decode(errors="backslashreplace").rstrip("\r")))
    return fitting * 2 > len(shown)


def read(stream: BinaryIO, reading: Reading) -> Iterator[Record | Reject]:
    for item in lines(stream, reading):
        if isinstance(item, Reject):
            yield item
            continue
        offset, raw = item
        if b"\0" in raw:
            yield Reject(offset, raw, f"NUL byte at {raw.find(0)}")
            continue
        if b"\r" in raw and (wrong := glued(raw, _LINE.fullmatch)):
            yield Reject(offset, raw, wrong)
            continue
        match = _LINE.fullmatch(raw.decode(errors="backslashreplace"))
        if not match:
            yield Reject(offset, raw, 'not an access log line: expected client, user, [time], "request", status, size')
            continue
        stamp = _stamp(match["day"], match["month"], match["year"], match["clock"], match["zone"])
        if stamp is None:
            yield Reject(offset, raw, "the time of the request does not exist")
            continue
        yield Record(KIND, offset, raw, _fields(match, stamp))


def _fields(match: re.Match[str], stamp: datetime) -> dict[str, Any]:
    status = int(match["status"])
    client = _client(match["client"])
    fields: dict[str, Any] = {
        "@timestamp": stamp,
        "event.kind": "event",
        "event.category": "web",
        "event.outcome": "success" if status < 400 else "failure",
        "source.ip" if is_ip(client) else "source.domain": client,
        "user.name": _told(match["user"].strip()),
        "http.response.status_code": status,
        "http.response.body.bytes": _told(match["size"]),
        "http.request.referrer": _told(_plain(match["referrer"] or "")),
        "user_agent.original": _told(_plain(match["agent"] or "")),
        "url.domain": _site(match["site"]),
    }
    fields.update(_request(_plain(match["request"])))
    return fields


def _client(listed: str) -> str:
    """Give the first address of the list, which may have a port; without one the first entry as it stands."""
    entries = [entry.strip() for entry in listed.split(",")]
    for entry in entries:
        for address in (entry, entry.rpartition(":")[0].strip("[]")):
            if is_ip(address):
                return address
    return entries[0]


def _told(part: str) -> str | None:
    return part if part and part != "-" else None


def _site(site: str | None) -> str | None:
    return re.sub(r":\d+$", "", site) if site else None


def _request(request: str) -> Iterator[tuple[str, str]]:
    match = _REQUEST.fullmatch(request)
    target = match["target"] if match else request
    if _told(target):
        yield "url.original", target
    if match is None:
        return
    yield "http.request.method", match["method"]
    if match["version"]:
        yield "http.version", match["version"]
    yield from url_parts(target)


def url_parts(target: str) -> Iterator[tuple[str, str]]:
    """Give the columns of a request's target: a path with its query, or a whole address as proxies get."""
    rest = target
    if "://" in target.partition("?")[0]:
        domain = _domain(target)
        if domain:
            yield "url.domain", domain
        rest = "/" + target.partition("://")[2].partition("/")[2]
    path, mark, query = rest.partition("?")
    yield "url.path", path
    if mark:
        yield "url.query", query


def _domain(address: str) -> str | None:
    try:
        return urlsplit(address).hostname
    except ValueError:
        return None


def _plain(text: str) -> str:
    """Undo the server's escapes where that gives readable text; control characters stay escaped."""
    return _ESCAPES.sub(_unescaped, text) if "\\" in text else text


def _unescaped(match: re.Match[str]) -> str:
    written = match.group()
    if written[1] != "x":
        return written[1]
    text = bytes.fromhex(written.replace("\\x", "")).decode(errors="backslashreplace")
    return "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in text)


@lru_cache(maxsize=4096)
def _stamp(day: str, month: str, year: str, clock: str, zone: str) -> datetime | None:
    try:
        away = timedelta(hours=int(zone[:3]), minutes=int(zone[0] + zone[3:]))
        hour, minute, second = clock.split(":")
        local = datetime(int(year), MONTHS[month], int(day), int(hour), int(minute), int(second), tzinfo=timezone(away))
        return local.astimezone(UTC)
    except (KeyError, ValueError, OverflowError):
        return None


FORMAT = Format(name="access_log", sniff=sniff, read=read)
