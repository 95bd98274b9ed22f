"""Syslog as RFC 3164 (and the ISO stamps of today's daemons) or RFC 5424, with or without octet counts.

A record is one line. What sshd, sudo, su and PAM say is understood; of other programs the message is kept as it is. A
stamp without a year gets the latest year that is not in the future, one without a zone the zone of the source.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any, BinaryIO

from tocsin.pipeline.parsers.format import Format
from tocsin.pipeline.parsers.lines import first_lines, glued, lines
from tocsin.pipeline.parsers.messages import is_ip, understood
from tocsin.pipeline.schema.event import Kind, Reading, Record, Reject

SEVERITIES = ("emergency", "alert", "critical", "error", "warning", "notice", "informational", "debug")
FACILITIES = (
    *("kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp"),
    *("ntp", "security", "console", "solaris-cron", *(f"local{number}" for number in range(8))),
)
_MONTH_NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
MONTHS = {name: number for number, name in enumerate(_MONTH_NAMES, start=1)}
# OpenSSH 9.8 split sshd into several programs; rules know them all as sshd.
SAME_PROGRAM = {"sshd-session": "sshd", "sshd-auth": "sshd"}
MOST_KINDS = 10_000  # names of programs come from the network; beyond this many they share one kind

_ISO = r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?"
_BSD = r"[A-Z][a-z]{2} [ \d]?\d(?: \d{4})? \d\d:\d\d:\d\d(?:\.\d{1,9})?(?: \d{4})?"
_PRIORITY = r"(?:\d{1,7} )?(?:<(?P<priority>\d{1,3})>)?"
_OLD = re.compile(
    rf"{_PRIORITY}\s?(?P<stamp>{_BSD}|{_ISO}) (?:(?P<host>[^\s\[\]]*[^\s:\[\]]) )?"
    r"(?:(?P<program>[^\s:\[\]]{1,128})(?:\[(?P<pid>[^\]\s]{0,32})\])?(?:\[[^\]\s]*\])?: ?)(?P<text>.*)",
    re.DOTALL,
)
_BARE = re.compile(
    rf"{_PRIORITY}\s?(?P<stamp>{_BSD}|{_ISO}) (?P<host>[^\s\[\]]+)(?P<program>)(?P<pid>) (?P<text>.*)", re.DOTALL
)
_NEW = re.compile(
    r"(?:\d{1,7} )?<(?P<priority>\d{1,3})>1 (?P<stamp>\S+) (?P<host>\S+) (?P<program>\S+) (?P<pid>\S+) (?P<id>\S+) "
    r'(?P<data>-|(?:\[[^\]\s"=]+(?: [^\]\s"=]+="(?:[^"\\]|\\.)*")*\])+)(?: (?P<text>.*))?',
    re.DOTALL,
)
_ELEMENT = re.compile(r'\[([^\]\s"=]+)((?: [^\]\s"=]+="(?:[^"\\]|\\.)*")*)\]', re.DOTALL)
_PARAMETER = re.compile(r' ([^\]\s"=]+)="((?:[^"\\]|\\.)*)"', re.DOTALL)
_ESCAPED = re.compile(r'\\(["\\\]])')


def sniff(head: bytes) -> bool:
    shown = first_lines(head)
    fitting = sum(1 for line in shown if _match(line.decode(errors="backslashreplace").rstrip("\r")))
    return fitting * 2 > len(shown)


def _match(text: str) -> re.Match[str] | None:
    return _NEW.fullmatch(text) or _OLD.fullmatch(text)


def read(stream: BinaryIO, reading: Reading) -> Iterator[Record | Reject]:
    kinds: dict[str, Kind] = {}
    for item in lines(stream, reading):
        if isinstance(item, Reject):
            yield item
            continue
        offset, raw = item
        line = raw.strip(b"\0")  # a machine that lost power leaves runs of these
        if b"\0" in line or not line:
            yield Reject(offset, raw, f"NUL byte at {raw.find(0)}")
            continue
        if b"\r" in line and (wrong := glued(line, _match)):
            yield Reject(offset, raw, wrong)
            continue
        fields = _fields(line.decode(errors="backslashreplace"), reading)
        if fields is None:
            yield Reject(offset, raw, "no syslog header: expected a stamp, a host and a program")
            continue
        yield Record(_kind(fields.get("process.name"), kinds), offset, raw, fields)


def _kind(program: str | None, kinds: dict[str, Kind]) -> Kind:
    name = SAME_PROGRAM.get(program or "", program or "syslog").lower()
    if name not in kinds:
        if len(kinds) >= MOST_KINDS:
            name = "syslog"
        kinds[name] = Kind("linux", name)
    return kinds[name]


def _fields(line: str, reading: Reading) -> dict[str, Any] | None:
    match = _NEW.fullmatch(line)
    if match:
        stamp = _iso(match["stamp"], reading.zone) if match["stamp"] != "-" else None
        fields = _common(match, stamp)
        fields.update(_structured(match["data"]))
        return fields
    match = _OLD.fullmatch(line) or _BARE.fullmatch(line)
    if not match:
        return None
    written = match["stamp"]
    stamp = _iso(written, reading.zone) if written[0].isdigit() else _bsd(written, reading)
    return _common(match, stamp) if stamp else None


def _common(match: re.Match[str], stamp: datetime | None) -> dict[str, Any]:
    host, program, pid, priority = (_told(match[part]) for part in ("host", "program", "pid", "priority"))
    text = (match["text"] or "").removeprefix("\ufeff")
    fields: dict[str, Any] = {"@timestamp": stamp, "host.name": host, "message": text, "event.kind": "event"}
    if host and is_ip(host):
        fields["host.ip"] = host
    if program:
        name = program.rpartition("/")[2] if program.startswith("/") else program
        fields["process.name"] = fields["event.provider"] = name
        fields["process.pid"] = pid
        fields.update(understood(SAME_PROGRAM.get(name.lower(), name.lower()), text))
    if priority and int(priority) < len(FACILITIES) * len(SEVERITIES):
        fields["log.level"] = SEVERITIES[int(priority) % 8]
        fields["log.syslog.facility.name"] = FACILITIES[int(priority) // 8]
    return fields


def _told(part: str | None) -> str | None:
    return part if part and part != "-" else None


def _structured(data: str) -> Iterator[tuple[str, str]]:
    """Give the structured data of RFC 5424, each parameter by the name ECS has for it."""
    for element in _ELEMENT.finditer(data):
        for parameter in _PARAMETER.finditer(element[2]):
            name = f"log.syslog.structured_data.{element[1]}.{parameter[1]}"
            yield name, _ESCAPED.sub(r"\1", parameter[2])


def _iso(written: str, zone: tzinfo) -> datetime | None:
    try:
        stamp = datetime.fromisoformat(written.replace(",", "."))
        return (stamp if stamp.tzinfo else stamp.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _bsd(written: str, reading: Reading) -> datetime | None:
    """Read ``Feb  3 14:10:21``, with the year before or after the time when it is there."""
    month, day, *parts = written.split()
    clock = next(part for part in parts if ":" in part)
    years = [int(part) for part in parts if ":" not in part] or range(
        reading.received.year + 1, reading.received.year - 8, -1
    )
    hour, minute, second = clock.split(":")
    latest = reading.received + timedelta(days=1)
    for year in years:
        try:
            microsecond = int(float(f"0{second[2:]}") * 1_000_000) if second[2:] else 0
            number = MONTHS[month]
            stamp = datetime(year, number, int(day), int(hour), int(minute), int(second[:2]), microsecond, reading.zone)
            stamp = stamp.astimezone(UTC)
        except (KeyError, ValueError, OverflowError):
            continue
        if stamp <= latest or len(years) == 1:
            return stamp
    return None


FORMAT = Format(name="syslog", sniff=sniff, read=read)
