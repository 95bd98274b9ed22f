"""Markings, levels, states and times look the same everywhere."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.template import Context, Template
from django.utils import timezone, translation

AT = datetime(2026, 11, 2, 23, 5, 9, tzinfo=UTC)


def show(text: str, **values: Any) -> str:
    return Template(text).render(Context(values))


def test_tlp_is_written_as_first_writes_it() -> None:
    assert show("{% tlp 'AMBER+STRICT' %}") == '<span class="tlp tlp-amber-strict">TLP:AMBER+STRICT</span>'


def test_no_marking_is_no_label() -> None:
    assert "TLP" not in show("{% tlp '' %}")


def test_a_level_is_a_word_not_only_a_colour() -> None:
    assert show("{% level 4 'critical' %}") == '<span class="level level-4">critical</span>'


def test_a_severity_shows_its_number_and_its_word() -> None:
    assert show("{% severity 3 'high' %}") == '<span class="severity severity-3"><b>S3</b> <span>high</span></span>'


def test_a_label_is_escaped() -> None:
    assert "<script>" not in show("{% state value value %}", value="<script>")


def test_a_time_is_utc_with_the_persons_time_beside() -> None:
    shown = show("{% time at %}", at=AT, zone=ZoneInfo("Europe/Brussels"))
    assert 'datetime="2026-11-02T23:05:09Z"' in shown
    assert "2026-11-02 23:05:09Z" in shown
    assert ">11-03 00:05<" in shown
    assert 'title="Europe/Brussels"' in shown


def test_a_time_given_in_another_zone_is_still_shown_in_utc() -> None:
    assert "2026-11-02 23:05:09Z" in show("{% time at %}", at=AT.astimezone(ZoneInfo("Asia/Tokyo")))


def test_who_lives_in_utc_sees_one_time() -> None:
    assert "local" not in show("{% time at %}", at=AT, zone=None)


def test_no_time_is_a_dash() -> None:
    assert "–" in show("{% time at %}{% since at %}{% due at %}", at=None)


@pytest.mark.parametrize(
    ("span", "shown"),
    [
        (timedelta(seconds=5), "5 s"),
        (timedelta(minutes=59, seconds=30), "59 min"),
        (timedelta(hours=47, minutes=1), "47 h"),
        (timedelta(days=3), "3 d"),
    ],
)
def test_how_long_ago_is_one_number(span: timedelta, shown: str) -> None:
    assert f">{shown} ago<" in show("{% since at %}", at=timezone.now() - span)


def test_what_is_due_says_how_soon_or_how_late() -> None:
    now = timezone.now()
    assert 'class="relative late"' in show("{% due at %}", at=now - timedelta(hours=2))
    assert 'class="relative soon"' in show("{% due at %}", at=now + timedelta(hours=2))
    assert 'class="relative "' in show("{% due at %}", at=now + timedelta(days=2))


def test_nothing_here_says_what_that_means() -> None:
    shown = show("{% empty_state 'No alerts.' hint='All quiet.' %}")
    assert "No alerts." in shown
    assert "All quiet." in shown


def test_relative_times_speak_french() -> None:
    with translation.override("fr"):
        assert show("{% since at %}", at=timezone.now() - timedelta(days=3))
