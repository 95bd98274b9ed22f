"""Syslog stamps, names and frames in all the ways machines write them."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from tocsin.pipeline.parsers.syslog import read
from tocsin.pipeline.schema.event import Reading, Record, Reject


def fields(line: str, received: datetime = datetime(2026, 3, 2, tzinfo=UTC), hours: int = 0) -> dict[str, Any]:
    reading = Reading(received, zone=timezone(timedelta(hours=hours)))
    (item,) = read(io.BytesIO(line.encode()), reading)
    assert isinstance(item, Record), item
    return {"channel": item.kind.channel, **item.fields}


@pytest.mark.parametrize(
    ("written", "received", "expected"),
    [
        ("Dec 31 23:59:59", datetime(2026, 1, 1, tzinfo=UTC), datetime(2025, 12, 31, 23, 59, 59, tzinfo=UTC)),
        ("Jan  1 00:30:00", datetime(2025, 12, 31, 23, 50, tzinfo=UTC), datetime(2026, 1, 1, 0, 30, tzinfo=UTC)),
        ("Feb 29 12:00:00", datetime(2026, 3, 1, tzinfo=UTC), datetime(2024, 2, 29, 12, tzinfo=UTC)),
        ("Mar  1 2021 10:00:00", datetime(2026, 3, 1, tzinfo=UTC), datetime(2021, 3, 1, 10, tzinfo=UTC)),
        ("Mar  1 10:00:00 2021", datetime(2026, 3, 1, tzinfo=UTC), datetime(2021, 3, 1, 10, tzinfo=UTC)),
        ("2026-03-01T10:00:00.25+02:00", datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 1, 8, 0, 0, 250000, UTC)),
    ],
)
def test_a_stamp_gets_the_latest_year_that_is_not_in_the_future(
    written: str, received: datetime, expected: datetime
) -> None:
    assert fields(f"{written} gate app: x", received)["@timestamp"] == expected


def test_a_stamp_without_a_zone_is_of_the_zone_of_the_source() -> None:
    assert fields("Mar  1 10:00:00 gate app: x", hours=2)["@timestamp"] == datetime(2026, 3, 1, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("line", "channel", "pid"),
    [
        ("Mar  1 10:00:00 gate /usr/sbin/cron[5]: x", "cron", "5"),
        ("Mar  1 10:00:00 gate postfix/smtpd[6]: x", "postfix/smtpd", "6"),
        ("Mar  1 10:00:00 2001:db8::1 CRON[7]: x", "cron", "7"),
        ("Mar  1 10:00:00 gate sshd-auth[8]: x", "sshd", "8"),
        ("<13>Mar  1 10:00:00 app: without a host", "app", None),
    ],
)
def test_the_program_is_the_channel(line: str, channel: str, pid: str | None) -> None:
    made = fields(line)
    assert (made["channel"], made["process.pid"]) == (channel, pid)


@pytest.mark.parametrize(
    ("message", "action", "outcome", "user", "address"),
    [
        ("Accepted password for ada from 2001:db8::1 port 1 ssh2", "ssh-login", "success", "ada", "2001:db8::1"),
        ("Failed none for invalid user a b from 192.0.2.1 port 1 ssh2", "ssh-login", "failure", "a b", "192.0.2.1"),
        ("Connection closed by 192.0.2.1 port 1 [preauth]", "ssh-disconnect", None, None, "192.0.2.1"),
        ("Received disconnect from 2001:db8::1 port 4:11: bye", "ssh-disconnect", None, None, "2001:db8::1"),
        ("Received disconnect from 192.0.2.1: 11: Bye Bye [preauth]", "ssh-disconnect", None, None, "192.0.2.1"),
        ("User eve from 192.0.2.1 not allowed because x", "ssh-user-refused", "failure", "eve", "192.0.2.1"),
        ("pam_unix(sshd:session): session closed for user ada", "session-closed", None, "ada", None),
        ("Server listening on 0.0.0.0 port 22.", None, None, None, None),
    ],
)
def test_what_sshd_says_is_understood(
    message: str, action: str | None, outcome: str | None, user: str | None, address: str | None
) -> None:
    made = fields(f"Mar  1 10:00:00 gate sshd[1]: {message}")
    names = ("event.action", "event.outcome", "user.name", "source.ip")
    assert tuple(made.get(name) for name in names) == (action, outcome, user, address)


def test_sudo_also_gets_the_names_rules_use() -> None:
    made = fields("Mar  1 10:00:00 gate sudo: ada : TTY=pts/0 ; PWD=/x ; USER=#-1 ; COMMAND=/bin/sh -c id")
    assert {made[name] for name in ("USER", "TTY", "PWD", "COMMAND")} == {"#-1", "pts/0", "/x", "/bin/sh -c id"}


def test_structured_data_is_kept_by_element_and_parameter() -> None:
    made = fields('<13>1 2026-03-01T10:00:00Z h a - - [x@1 k="v\\"w"] text')
    assert made["log.syslog.structured_data.x@1.k"] == 'v"w'
    assert made["message"] == "text"


def test_a_message_repeated_is_understood_as_the_message() -> None:
    said = "message repeated 3 times: [ Invalid user bob from 203.0.113.9 port 4]"
    found = fields(f"Jan  5 10:00:06 host1 sshd[1]: {said}")
    assert (found["source.ip"], found["user.name"], found["message"]) == ("203.0.113.9", "bob", said)


def test_records_glued_by_lone_carriage_returns_are_rejected() -> None:
    content = b"\r".join(b"Jan  5 10:00:0%d host1 sshd[1]: hello" % n for n in range(5))
    (reject,) = read(io.BytesIO(content), Reading(datetime(2026, 3, 2, tzinfo=UTC)))
    assert isinstance(reject, Reject)
    assert "a lone carriage return at byte 36" in reject.reason
    assert "hello\rthere" in fields("Jan  5 10:00:06 host1 app: hello\rthere")["message"]
