"""Raw records are written so that people can read them."""

from __future__ import annotations

import pytest

from tocsin.rooms.alerts.schemas import MOST_FACTS, pretty


def test_an_object_becomes_names_and_values() -> None:
    raw = b'{"EventID": 1, "host": {"name": "ws01", "ip": ["10.0.0.1"]}, "ok": true, "none": null, "empty": {}}'
    assert pretty(raw).facts == (
        ("EventID", "1"),
        ("host.name", "ws01"),
        ("host.ip", '["10.0.0.1"]'),
        ("ok", "true"),
        ("none", "null"),
        ("empty", "{}"),
    )


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"Nov 20 12:00:00 gate sshd[1]: x", "Nov 20 12:00:00 gate sshd[1]: x"),
        (b"\xff\x00end", "\\xff\\x00end"),
        (b"[1, 2]", "[1, 2]"),
        (b"", ""),
        (b"[" * 100_000, "[" * 100_000),
    ],
)
def test_anything_else_is_text(raw: bytes, text: str) -> None:
    shown = pretty(raw)
    assert (shown.text, shown.facts) == (text, ())


def test_a_deep_or_wide_object_ends() -> None:
    deep = b'{"a":' * 50 + b"1" + b"}" * 50
    wide = b"{" + b",".join(b'"k%d": 1' % n for n in range(1000)) + b"}"
    assert len(pretty(deep).facts) == 1
    assert len(pretty(wide).facts) == MOST_FACTS
