"""What all the world has, by the public lists as they are installed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tocsin.pipeline import warninglists
from tocsin.pipeline.observables import Kind, Observable
from tocsin.pipeline.warninglists import WarningLists


@pytest.fixture(scope="module")
def lists(tmp_path_factory: pytest.TempPathFactory) -> WarningLists:
    return warninglists.load(tmp_path_factory.mktemp("lists"))


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("ip", "8.8.8.8"),
        ("ip", "10.1.2.3"),
        ("ip", "10.0.0.0/24"),
        ("ip", "2001:4860:4860::8888"),
        ("domain", "google.com"),
        ("domain", "www.google.com"),
        ("url", "https://www.google.com/"),
        ("url", "http://127.0.0.1/"),
        ("hash", "d41d8cd98f00b204e9800998ecf8427e"),
    ],
)
def test_what_all_the_world_has_is_common(lists: WarningLists, kind: Kind, value: str) -> None:
    assert lists.why_common(Observable(kind, value))


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("ip", "185.220.101.4"),
        ("ip", "0.0.0.0/0"),
        ("ip", "2a03:4000::1"),
        ("domain", "somebody.blogspot.com"),
        ("domain", "evil.duckdns.org"),
        ("domain", "n1.evil.example"),
        ("url", "https://docs.google.com/forms/d/1"),
        ("url", "https://www.google.com/?q=1"),
        ("mail", "someone@evil.example"),
        ("hash", "0" * 63 + "1"),
        ("cve", "CVE-2026-0001"),
    ],
)
def test_what_is_somebodys_own_is_not(lists: WarningLists, kind: Kind, value: str) -> None:
    assert lists.why_common(Observable(kind, value)) == ""


def test_names_below_a_providers_own_are_common_too(lists: WarningLists, tmp_path: Path) -> None:
    made = warninglists._digest("provider.example")
    warninglists._write(
        tmp_path, {"exact": {}, "below": {made: 0}}, [], {"names": ["own"], "patterns": [], "parts": []}
    )
    known = warninglists._read(tmp_path)
    assert known.why_common(Observable("domain", "a.b.provider.example")) == "own"
    assert known.why_common(Observable("domain", "notprovider.example")) == ""
    assert known.why_common(Observable("ip", "192.0.2.1")) == ""


def test_ranges_that_overlap_are_one() -> None:
    assert warninglists._apart(iter([(5, 9, 2), (0, 6, 1), (20, 21, 3)])) == [(0, 9, 1), (20, 21, 3)]


def test_without_the_lists_it_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(warninglists, "current", lambda: "")
    with pytest.raises(warninglists.NoLists, match="not installed"):
        warninglists.load(tmp_path)
