"""Logs made for the tests of intake."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

START = datetime(2026, 11, 1, tzinfo=UTC)


def sshd(first: int, count: int, address: str = "192.0.2.7") -> bytes:
    """Make lines of an sshd that nobody gets into, each one different."""
    lines = (
        f"<38>1 {START + timedelta(seconds=n):%Y-%m-%dT%H:%M:%SZ} gate sshd {n} - - "
        f"Failed password for invalid user u{n} from {address} port {1024 + n % 60000} ssh2\n"
        for n in range(first, first + count)
    )
    return "".join(lines).encode()
