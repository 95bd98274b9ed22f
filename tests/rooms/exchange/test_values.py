"""Times and words as foreign systems write them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.rooms.exchange.knowledge import values


@pytest.mark.parametrize(
    ("given_", "wanted"),
    [
        (1683314322379, "2023-05-05T19:18:42.379000+00:00"),
        (1683314322, "2023-05-05T19:18:42+00:00"),
        ("1683314322379", "2023-05-05T19:18:42.379000+00:00"),
        ("2019-03-04T09:12:00+01:00", "2019-03-04T08:12:00+00:00"),
        ("2019-03-04T09:12:00Z", "2019-03-04T09:12:00+00:00"),
        ("2024-03-01", "2024-03-01T00:00:00+00:00"),
        ("2024-03-01 07:30:00.000000", "2024-03-01T07:30:00+00:00"),
        ("Fri, 01 Apr 2022 00:00:00 GMT", "2022-04-01T00:00:00+00:00"),
        ("03/04/2026 14:05", "2026-04-03T14:05:00+00:00"),
        ("25.12.2025", "2025-12-25T00:00:00+00:00"),
        ("12/18/2023", "2023-12-18T00:00:00+00:00"),
        ("3/4/26 2:05 PM", "2026-04-03T14:05:00+00:00"),
    ],
)  # fmt: skip
def test_times_are_read(given_: Any, wanted: str) -> None:
    found = values.when(given_)
    if given_ == "12/18/2023":
        assert found is None  # the day comes first, and there is no month 18
        found = values.when(given_, day_first=False)
    assert found == datetime.fromisoformat(wanted)


@pytest.mark.parametrize(
    "given_",
    ["2020-02-30T10:00:00Z", "31/02/2019", "yesterday", "", None, True, 10**400, -1e300, float("nan"), "9" * 17,
     "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", {}, [], "1/1/1", "x" * 100_000, "0"],
)  # fmt: skip
def test_what_is_no_time_is_none(given_: Any) -> None:
    assert values.when(given_) is None


@given(st.text(max_size=90) | st.floats() | st.integers() | st.binary(max_size=9))
def test_no_time_breaks_anything(given_: Any) -> None:
    found = values.when(given_)
    assert found is None or found.tzinfo is UTC


@pytest.mark.parametrize(
    "text",
    ["<" + " " * 100_000, "<p " * 100_000, "<p" + "<" * 300_000, "<b>" * 50_000, "<p>" + "x" * 2_000_000],
)
def test_markup_made_for_it_keeps_nobody_busy(text: str) -> None:
    assert len(values.plain(text)) <= values.LONGEST_TEXT


def test_markup_becomes_text_and_other_text_stays() -> None:
    assert values.plain("<p>a<br>b</p><script>alert(1)</script>").split() == ["a", "b"]
    assert values.plain("if a < b and c > d: x<y") == "if a < b and c > d: x<y"
