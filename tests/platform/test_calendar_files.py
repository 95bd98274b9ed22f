"""A file of calendars is read whole; what is wrong with it is said with its line."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from tocsin.config import Config, ConfigError
from tocsin.platform import calendar_files
from tocsin.platform.calendar_files import load
from tocsin.platform.calendars import CalendarError, works_on
from tocsin.platform.doctor import State, calendars
from tocsin.platform.documents import BrokenFile


@pytest.fixture(autouse=True)
def _read_anew() -> Iterator[None]:
    calendar_files.calendars.cache_clear()
    yield
    calendar_files.calendars.cache_clear()


def written(folder: Path, text: str) -> Path:
    path = folder / "calendars.yaml"
    path.write_text(text)
    return path


AGENCY = """
calendars:
  agency:
    name: Our agency
    like: eu-brussels
    zone: Europe/Madrid
    holidays: [ES]
    closed: [2026-06-24, "easter-4"]
    open: ["05-09"]
"""


def test_a_house_adds_calendars_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOCSIN_CALENDARS", str(written(tmp_path, AGENCY)))
    found = calendar_files.calendar("agency")
    assert found.zone.key == "Europe/Madrid"
    assert not works_on(found, date(2026, 6, 24))
    assert not works_on(found, date(2026, 10, 12))  # Spain's own
    assert not works_on(found, date(2026, 12, 24))  # the institutions'
    assert works_on(found, date(2025, 5, 9))
    assert "eu-brussels" in calendar_files.calendars()
    assert [finding.state for finding in calendars(Config(tocsin_calendars=str(tmp_path / "calendars.yaml")))] == [
        State.WELL
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("calendars:\n  a:\n    name: A\n    hours: {mon: ['9-17']}\n", ":4: .*'9-17' is no stretch of a day"),
        ("calendars:\n  a:\n    name: A\n    hours: {mon: ['17:00-09:00']}\n", ":4: .*no stretch"),
        ("calendars:\n  a:\n    name: A\n    hours: {mon: ['09:00-24:30']}\n", ":4: .*no stretch"),
        ("calendars:\n  a:\n    name: A\n", "'a' has no open time|string_pattern|match pattern"),
        ("calendars:\n  aa:\n    name: A\n", ":2: the calendar 'aa' has no open time"),
        ("calendars:\n  aa:\n    name: A\n    zone: Nowhere\n", ":4: .*'Nowhere' is no time zone"),
        ("calendars:\n  aa:\n    name: A\n    hours: {noon: ['09:00-17:00']}\n", ":4: .*'noon' is no day of the week"),
        ("calendars:\n  aa:\n    name: A\n    closed: [13-40]\n", ":4: .*"),
        ("calendars:\n  aa:\n    name: A\n    like: bb\n", ":2: there is no calendar 'bb'"),
        ("calendars:\n  aa:\n    name: A\n    like: bb\n  bb:\n    name: B\n    like: aa\n", "'aa' is like itself"),
        (
            "calendars:\n  aa:\n    name: A\n    holidays: [XX]\n    hours: {daily: ['00:00-24:00']}\n",
            "'XX' are not known",
        ),
        ("calendars:\n  aa:\n    name: A\n    colour: red\n", ":4: .*[Ee]xtra inputs"),
        ("calendars:\n  aa:\n    name: A\n    hours: {mon: ['09:00-12:00', '11:00-17:00']}\n", ":4: .*overlap"),
        ("calendars: {}\n", ":1: "),
        ("", ":1: "),
        ("- a\n- b\n", ":1: "),
        ("a: [\n", ":2: not YAML"),
        ("calendars:\n  aa: {name: A}\n  aa: {name: B}\n", ":3: 'aa' stands here twice"),
        ("x: &a 1\ny: *a\n", "aliases"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(BrokenFile, match=said) as raised:
        load(path)
    assert all(line.startswith(f"{path}:") for line in str(raised.value).splitlines())


def test_a_broken_file_is_a_setting_that_cannot_be_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path, "calendars:\n  aa:\n    name: A\n")
    monkeypatch.setenv("TOCSIN_CALENDARS", str(path))
    with pytest.raises(ConfigError, match=f"TOCSIN_CALENDARS: {path}:2: "):
        calendar_files.calendars()
    [finding] = calendars(Config(tocsin_calendars=str(path)))
    assert finding.state is State.ILL
    assert f"{path}:2:" in finding.text


@pytest.mark.parametrize("content", [b"\xff\xfe", b"\0" * 10, b"x" * 1_100_000])
def test_what_is_no_text_of_any_sense_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "calendars.yaml"
    path.write_bytes(content)
    with pytest.raises(BrokenFile, match=f"{path}:1: "):
        load(path)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BrokenFile, match="cannot be read: No such file"):
        load(tmp_path / "none.yaml")


def test_an_unknown_calendar_is_refused_with_those_there_are() -> None:
    with pytest.raises(CalendarError, match="there is no calendar 'mars'; there are always, eu-brussels"):
        calendar_files.calendar("mars")
