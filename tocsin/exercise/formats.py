"""How each kind of log is written: one function a format turns ordered entries into lines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from tocsin.exercise.clock import iso, syslog_stamp, web_stamp, zeek_stamp
from tocsin.exercise.sheet import Entry
from tocsin.exercise.zeek_fields import CONN, DNS, HTTP

SYSMON = ("Microsoft-Windows-Sysmon/Operational", "Microsoft-Windows-Sysmon")
SECURITY = ("Security", "Microsoft-Windows-Security-Auditing")
POWERSHELL = ("Microsoft-Windows-PowerShell/Operational", "Microsoft-Windows-PowerShell")
CHANNELS: Mapping[int, tuple[str, str]] = {
    1102: ("Security", "Microsoft-Windows-Eventlog"),
    4104: POWERSHELL,
    7045: ("System", "Service Control Manager"),
}


@dataclass(frozen=True, slots=True)
class Format:
    """Declare how a log is written, which parser reads it and how many lines stand before the first record."""

    parser: str
    suffix: str
    lines: Callable[[Iterable[Entry]], Iterator[bytes]]
    heading: tuple[bytes, ...] = ()


def channel(code: int) -> tuple[str, str]:
    """Give channel and provider of a Windows event id, as far as the exercise uses it."""
    return CHANNELS.get(code) or (SYSMON if code < 100 else SECURITY)


def windows_flat(entries: Iterable[Entry]) -> Iterator[bytes]:
    """Write Windows events as flat objects, as forwarders such as NXLog do."""
    numbers: Counter[str] = Counter()
    for when, _, event, _ in entries:
        computer = event["host"]
        numbers[computer] += 1
        log, provider = channel(event["code"])
        head = {
            "EventTime": iso(when, " ")[:19],
            "@timestamp": iso(when) + "Z",
            "Hostname": computer,
            "Channel": log,
            "SourceName": provider,
            "EventID": event["code"],
            "RecordNumber": 100_000 + numbers[computer],
        }
        yield orjson.dumps(head | _data(event, when)) + b"\n"


def windows_beat(entries: Iterable[Entry]) -> Iterator[bytes]:
    """Write Windows events as Winlogbeat does."""
    numbers: Counter[str] = Counter()
    for when, _, event, _ in entries:
        computer = event["host"]
        numbers[computer] += 1
        log, provider = channel(event["code"])
        document = {
            "@timestamp": iso(when) + "Z",
            "event": {"code": str(event["code"]), "kind": "event", "provider": provider},
            "host": {"name": computer},
            "winlog": {
                "channel": log,
                "provider_name": provider,
                "computer_name": computer,
                "event_id": str(event["code"]),
                "record_id": 100_000 + numbers[computer],
                "event_data": _data(event, when),
            },
        }
        yield orjson.dumps(document) + b"\n"


def _data(event: Mapping[str, Any], when: int) -> dict[str, Any]:
    data: dict[str, Any] = event["data"]
    return {"UtcTime": iso(when, " ")} | data if event["code"] < 100 else data


PRIORITY = {"sshd": 38, "sudo": 85, "CRON": 78, "systemd": 30, "kernel": 6, "nginx": 30, "postgres": 134}


def syslog_bsd(entries: Iterable[Entry]) -> Iterator[bytes]:
    """Write syslog lines as in RFC 3164, the way a server's own file has them."""
    for when, _, line, _ in entries:
        yield f"{syslog_stamp(when)} {line['host']} {line['program']}[{line['pid']}]: {line['text']}\n".encode()


def syslog_ietf(entries: Iterable[Entry]) -> Iterator[bytes]:
    """Write syslog lines as in RFC 5424, the way a relay keeps them."""
    for when, _, line, _ in entries:
        head = f"<{PRIORITY.get(line['program'], 30)}>1 {iso(when)}Z {line['host']} {line['program']} {line['pid']}"
        yield f"{head} - - {line['text']}\n".encode()


def combined(entries: Iterable[Entry]) -> Iterator[bytes]:
    """Write web requests in the combined format."""
    for when, _, hit, _ in entries:
        request = f"{hit['method']} {hit['url']} HTTP/1.1"
        tail = f'{hit["status"]} {hit["bytes"]} "{hit["referrer"]}" "{hit["agent"]}"'
        yield f'{hit["ip"]} - - [{web_stamp(when)}] "{request}" {tail}\n'.encode()


def zeek_heading(path: str, fields: Iterable[tuple[str, str]]) -> tuple[bytes, ...]:
    """Give the lines that stand on top of a Zeek file."""
    names, types = zip(("ts", "time"), *fields, strict=True)
    lines = [r"#separator \x09", "#set_separator\t,", "#empty_field\t(empty)", "#unset_field\t-", f"#path\t{path}"]
    lines += ["\t".join(("#fields", *names)), "\t".join(("#types", *types))]
    return tuple(f"{line}\n".encode() for line in lines)


def zeek_rows(entries: Iterable[Entry]) -> Iterator[bytes]:
    """Write Zeek rows; the content's values come in the order of the fields."""
    for when, _, row, _ in entries:
        yield f"{zeek_stamp(when)}\t{row['row']}\n".encode()


FORMATS: Mapping[str, Format] = {
    "windows_flat": Format("windows_json", "jsonl", windows_flat),
    "windows_beat": Format("windows_json", "jsonl", windows_beat),
    "syslog_bsd": Format("syslog", "log", syslog_bsd),
    "syslog_ietf": Format("syslog", "log", syslog_ietf),
    "access": Format("access_log", "log", combined),
    "zeek_dns": Format("zeek", "log", zeek_rows, zeek_heading("dns", DNS)),
    "zeek_conn": Format("zeek", "log", zeek_rows, zeek_heading("conn", CONN)),
    "zeek_http": Format("zeek", "log", zeek_rows, zeek_heading("http", HTTP)),
}
