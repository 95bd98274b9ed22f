"""Logs made for the tests of intake."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

START = datetime(2026, 11, 1, tzinfo=UTC)
ENCODED = f"powershell.exe -EncodedCommand {'SQBFAFgA' * 8}"


def sshd(first: int, count: int, address: str = "192.0.2.7") -> bytes:
    """Make lines of an sshd that nobody gets into, each one different."""
    lines = (
        f"<38>1 {START + timedelta(seconds=n):%Y-%m-%dT%H:%M:%SZ} gate sshd {n} - - "
        f"Failed password for invalid user u{n} from {address} port {1024 + n % 60000} ssh2\n"
        for n in range(first, first + count)
    )
    return "".join(lines).encode()


def windows(first: int, count: int) -> bytes:
    """Make flat Windows records of processes, every hundredth of them an encoded command of a shell."""
    lines = (
        json.dumps(
            {
                "Channel": "Microsoft-Windows-Sysmon/Operational",
                "Provider_Name": "Microsoft-Windows-Sysmon",
                "EventID": 1,
                "Computer": f"pc{n % 50}.depa.example",
                "UtcTime": f"{START + timedelta(seconds=n):%Y-%m-%d %H:%M:%S}.000",
                "Image": "C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe",
                "OriginalFileName": "PowerShell.EXE",
                "CommandLine": ENCODED if n % 100 == 0 else f"x {n}",
                "ParentImage": "C:\\Windows\\explorer.exe",
                "ProcessId": n,
            }
        )
        for n in range(first, first + count)
    )
    return "\n".join(lines).encode() + b"\n"
