"""Lists of indicators are read as people send them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.rooms.notices.queries.values import Unread, Value, read_values


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("192.0.2.7", Value("ip", "192.0.2.7")),
        ("192[.]0[.]2[.]7", Value("ip", "192.0.2.7")),
        ("192.0.2.7/24", Value("ip", "192.0.2.0/24")),
        ("2001:DB8::1", Value("ip", "2001:db8::1")),
        ("2001:db8::/32", Value("ip", "2001:db8::/32")),
        ("Evil[.]Example.", Value("domain", "evil.example")),
        ("hxxps://evil[.]example/a?b=c", Value("domain", "evil.example")),
        ("http://[2001:db8::1]:80/x", Value("ip", "2001:db8::1")),
        ("user[at]evil[.]example", Value("mail", "user@evil.example")),
        ("E3" * 32, Value("hash", "e3" * 32)),
        ("d" * 40, Value("hash", "d" * 40)),
    ],
)
def test_each_sort_has_one_form(written: str, value: Value) -> None:
    assert read_values(written) == ((value,), ())


def test_several_stand_in_a_line_remarks_are_left_out_and_each_counts_once() -> None:
    values, unread = read_values("192.0.2.7, evil.example; 192.0.2.7 # seen last night\n\n# only a remark\nno name\n")
    assert [value.text for value in values] == ["192.0.2.7", "evil.example"]
    assert unread == (Unread(4, "no"), Unread(4, "name"))


@pytest.mark.parametrize(
    "written", ["999.1.1.1", "1.2.3", "..", "http://", "a@b", "x" * 300 + ".example", "no-name, nor"]
)
def test_what_is_no_indicator_is_said(written: str) -> None:
    assert read_values(written)[0] == ()
    assert read_values(written)[1]


@given(st.text(max_size=300))
def test_nothing_breaks_it_and_nothing_is_lost(text: str) -> None:
    values, unread = read_values(text)
    assert len(set(values)) == len(values)
    assert all(part.line >= 1 for part in unread)
