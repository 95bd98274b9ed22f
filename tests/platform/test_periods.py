"""Periods of legal texts end as Regulation 1182/71 says."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from tocsin.platform.calendar_files import calendar
from tocsin.platform.calendars import CalendarError
from tocsin.platform.periods import Period, ends

BRUSSELS = ZoneInfo("Europe/Brussels")


@pytest.mark.parametrize(
    ("event", "period", "end"),
    [
        ("2026-11-27 10:17", "24 hours", "2026-11-28 11:00"),  # the hour of the event is not counted
        ("2026-11-27 10:17", "72 hours", "2026-11-30 11:00"),  # hours run over a weekend
        ("2026-10-24 10:00", "24 hours", "2026-10-25 10:00"),  # and over the change of the clocks: 25 of them to 11:00
        ("2026-11-27 10:17", "1 month", "2027-01-05 00:00"),  # a Sunday among closed days: with the next working day
        ("2026-01-31 10:00", "1 month", "2026-03-03 00:00"),  # 28 February is a Saturday
        ("2027-10-31 10:00", "1 month", "2027-12-01 00:00"),  # there is no 31 November
        ("2026-11-23 10:00", "1 day", "2026-11-25 00:00"),
        ("2026-11-27 10:00", "2 days", "2026-12-02 00:00"),  # includes at least two working days
        ("2026-12-23 10:00", "3 days", "2027-01-06 00:00"),
        ("2026-11-27 10:00", "5 working days", "2026-12-05 00:00"),
        ("2026-11-23 10:00", "2 weeks", "2026-12-08 00:00"),
        ("2024-02-29 10:00", "1 year", "2025-03-01 00:00"),
    ],
)
def test_a_period_ends(event: str, period: str, end: str) -> None:
    begun = datetime.fromisoformat(event).replace(tzinfo=BRUSSELS)
    found = ends(calendar("eu-brussels"), begun, Period.of(period))
    assert found == datetime.fromisoformat(end).replace(tzinfo=BRUSSELS)


@pytest.mark.parametrize(
    "text", ["", "a month", "0 days", "-1 days", "1.5 hours", "99999 years", "1 fortnight", "1\0day"]
)
def test_what_is_no_period_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no period; write"):
        Period.of(text)


def test_there_is_an_end_to_dates() -> None:
    for period in ("10000 years", "10000 months", "10000 hours"):
        with pytest.raises(CalendarError, match=r"is no date|no date is that far"):
            ends(calendar("always"), datetime(9999, 12, 30, tzinfo=UTC), Period.of(period))
