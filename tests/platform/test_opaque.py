"""What outsiders carry tells them nothing."""

from __future__ import annotations

import base64

import pytest

from tocsin.platform import opaque


def test_it_comes_back_as_it_was() -> None:
    assert opaque.opened(opaque.shut("[false,3]")) == "[false,3]"
    assert opaque.shut("[false,3]") == opaque.shut("[false,3]")


def test_it_does_not_show_what_it_holds() -> None:
    token = opaque.shut('[false,"secret",4711]')
    raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    assert b"4711" not in raw
    assert b"secret" not in raw


@pytest.mark.parametrize("token", ["", "x", "é", "\0", "A" * 100, "=" * 5, opaque.__name__, "W2ZhbHNlLDNd"])
def test_what_was_not_made_here_is_nothing(token: str) -> None:
    assert opaque.opened(token) is None


def test_one_letter_changed_is_a_forgery() -> None:
    token = opaque.shut("2026-03-01T12:00:00+00:00 7")
    assert opaque.opened(("B" if token[0] == "A" else "A") + token[1:]) is None
