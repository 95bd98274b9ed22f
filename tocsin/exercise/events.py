"""What the entries of each log are made of. The everyday traffic and the story both build their entries here."""

from __future__ import annotations

import random
from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from typing import Any

from tocsin.exercise.house import Host

Content = dict[str, Any]

SYSTEM = r"NT AUTHORITY\SYSTEM"
HIGH, MEDIUM, OF_SYSTEM = "High", "Medium", "System"
BASE: Mapping[int, Mapping[str, str]] = {
    1: {"IntegrityLevel": MEDIUM, "CurrentDirectory": "C:\\Windows\\system32\\"},
    3: {"Protocol": "tcp", "Initiated": "true"},
    11: {},
    13: {"EventType": "SetValue"},
    10: {"CallTrace": r"C:\Windows\SYSTEM32\ntdll.dll+9d4c4|C:\Windows\System32\KERNELBASE.dll+2c13e"},
    17: {"EventType": "CreatePipe"},
    22: {"QueryStatus": "0"},
    4624: {"ImpersonationLevel": "%%1833", "LogonGuid": "{00000000-0000-0000-0000-000000000000}", "ProcessName": "-"},
    4625: {"Status": "0xc000006d", "SubStatus": "0xc000006a", "FailureReason": "%%2313", "SubjectUserSid": "S-1-0-0"},
    4634: {},
    4648: {"SubjectLogonId": "0x5a3f1", "TargetInfo": "-"},
    4672: {"PrivilegeList": "SeSecurityPrivilege\r\n\t\t\tSeBackupPrivilege\r\n\t\t\tSeDebugPrivilege"},
    4688: {"TokenElevationType": "%%1936", "MandatoryLabel": "S-1-16-8192"},
    4698: {},
    4732: {"PrivilegeList": "-", "TargetDomainName": "Builtin"},
    1102: {},
    4104: {"MessageNumber": "1", "MessageTotal": "1"},
    7045: {"ServiceType": "user mode service", "StartType": "demand start", "AccountName": "LocalSystem"},
}


def windows(host: Host, code: int, data: Mapping[str, Any]) -> Content:
    """Make one Windows event."""
    return {"host": host.name, "code": code, "data": {**BASE[code], **data}}


@cache
def digest(image: str) -> str:
    """Give the same SHA-256 to the same program wherever it runs."""
    return "SHA256=" + sha256(image.lower().encode()).hexdigest().upper()


def guid(host: Host, rng: random.Random) -> str:
    """Make a process GUID as Sysmon forms them."""
    bits = rng.getrandbits(48)
    return f"{{{host.guid}-{bits >> 32:04x}-{bits >> 16 & 0xFFFF:04x}-{bits & 0xFFFF:04x}-000000001200}}"


def process(host: Host, rng: random.Random, user: str, parent: str, image: str, command: str) -> Content:
    """Make a Sysmon process creation."""
    data = {
        "ProcessGuid": guid(host, rng),
        "ProcessId": str(rng.randrange(400, 20000, 4)),
        "Image": image,
        "CommandLine": command,
        "User": user,
        "Hashes": digest(image),
        "ParentProcessId": str(rng.randrange(400, 20000, 4)),
        "ParentImage": parent,
        "ParentCommandLine": parent,
    }
    if user == SYSTEM:
        data["IntegrityLevel"] = OF_SYSTEM
    return windows(host, 1, data)


def syslog(host: Host, program: str, pid: int, text: str) -> Content:
    """Make one syslog message."""
    return {"host": host.short, "program": program, "pid": pid, "text": text}


def request(ip: str, method: str, url: str, status: int, size: int, agent: str, referrer: str = "-") -> Content:
    """Make one web request."""
    return {
        "ip": ip,
        "method": method,
        "url": url,
        "status": status,
        "bytes": size,
        "agent": agent,
        "referrer": referrer,
    }


LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


def uid(rng: random.Random) -> str:
    """Make a connection id as Zeek forms them."""
    bits = rng.getrandbits(96)
    return "C" + "".join([LETTERS[(bits >> shift & 63) % 62] for shift in range(0, 96, 6)])


QTYPES = {"A": 1, "NS": 2, "CNAME": 5, "NULL": 10, "PTR": 12, "MX": 15, "TXT": 16, "AAAA": 28, "SRV": 33, "HTTPS": 65}


def _ends(rng: random.Random, client: str, server: str, port: int) -> str:
    return f"{uid(rng)}\t{client}\t{rng.randrange(1025, 65000)}\t{server}\t{port}"


def zeek_dns(
    rng: random.Random, client: str, server: str, query: str, qtype: str, answers: str, ttl: int = 300
) -> Content:
    """Make one row of dns.log; no answers means that the name does not exist."""
    code, name, ttls = ("0", "NOERROR", f"{ttl}.000000") if answers != "-" else ("3", "NXDOMAIN", "-")
    asked = f"{query}\t1\tC_INTERNET\t{QTYPES[qtype]}\t{qtype}"
    taken = f"udp\t{rng.randrange(65536)}\t0.{rng.randrange(200, 60000):06d}"
    end = f"{code}\t{name}\tF\tF\tT\tT\t0\t{answers}\t{ttls}\tF"
    return {"row": f"{_ends(rng, client, server, 53)}\t{taken}\t{asked}\t{end}"}


def zeek_conn(
    rng: random.Random, client: str, server: str, port: int, service: str, sent: int, received: int
) -> Content:
    """Make one row of conn.log for a finished TCP connection."""
    lasted = f"{rng.randrange(1, 240)}.{rng.randrange(10**6):06d}"
    size = f"{sent}\t{received}\tSF\t0\tShADadFf\t{sent // 900 + 4}\t{received // 1300 + 4}"
    return {"row": f"{_ends(rng, client, server, port)}\ttcp\t{service}\t{lasted}\t{size}"}


def zeek_http(rng: random.Random, client: str, server: str, hit: Mapping[str, Any]) -> Content:
    """Make one row of http.log."""
    asked = f"{hit['method']}\t{hit['host']}\t{hit['uri']}\t-\t1.1\t{hit['agent']}"
    said = "OK" if hit["status"] == 200 else "Not Found"
    answered = f"0\t{hit['bytes']}\t{hit['status']}\t{said}\t{hit['type']}"
    return {"row": f"{_ends(rng, client, server, 80)}\t1\t{asked}\t{answered}"}
