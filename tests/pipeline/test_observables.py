"""Observables are found as people write them, in one form each."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.pipeline.observables import Kind, Observable, defanged, found_in, recognised, refanged

HASH = "d41d8cd98f00b204e9800998ecf8427e"


@pytest.mark.parametrize(
    ("word", "kind", "value"),
    [
        ("192.0.2.7", "ip", "192.0.2.7"),
        ("192[.]0[.]2[.]7", "ip", "192.0.2.7"),
        ("192.0.2.7/24", "ip", "192.0.2.0/24"),
        ("192.0.2.7/32", "ip", "192.0.2.7"),
        ("2001:DB8::1", "ip", "2001:db8::1"),
        ("2001:db8::/32", "ip", "2001:db8::/32"),
        ("Evil[.]Example.", "domain", "evil.example"),
        ("bücher.example", "domain", "xn--bcher-kva.example"),
        ("straße.example", "domain", "xn--strae-oqa.example"),
        ("_dmarc.evil.example", "domain", "_dmarc.evil.example"),
        ("hxxps://Evil[.]example:443/A?b=C#d", "url", "https://evil.example/A?b=C"),
        ("http://evil.example:8080", "url", "http://evil.example:8080/"),
        ("http://[2001:db8::1]/x", "url", "http://[2001:db8::1]/x"),
        ("ftp://evil.example/a", "url", "ftp://evil.example/a"),
        ("Eve[at]Evil.example", "mail", "eve@evil.example"),
        (HASH.upper(), "hash", HASH),
        ("cve-2024-12345", "cve", "CVE-2024-12345"),
    ],
)
def test_a_word_has_one_form(word: str, kind: Kind, value: str) -> None:
    assert recognised(word) == Observable(kind, value)


@pytest.mark.parametrize(
    "word",
    ["", " ", "host", "999.1.1.1", "1.2.3", "..", "http://", "http://[", "http://a:99999/", "a@b", "x" * 3000,
     "-a.example", "a..example", "javascript:alert(1)", "é" * 70 + ".example"],
)  # fmt: skip
def test_what_is_none_is_none(word: str) -> None:
    assert recognised(word) is None


def test_they_are_found_in_a_mail_in_their_order_each_once() -> None:
    text = f"""Dear colleagues,

ws-17 spoke to 198.51.100.7 (port 443) and to hxxps://c2[.]evil[.]example/gate.php?id=1, see CVE-2026-12345.
The dropper invoice.zip (SHA-256 {"ab12" * 16}, MD5: {HASH}) came from <billing@evil.co.uk>. C2 again: c2.evil.example.
Version 1.2.3 of node.js is fine; look at report.pdf, setup.py and README.md. Range 2001:db8:1::/48; e.g. i.e. U.S.A.
"""
    assert [found.value for found in found_in(text)] == [
        "198.51.100.7",
        "https://c2.evil.example/gate.php?id=1",
        "CVE-2026-12345",
        "ab12" * 16,
        HASH,
        "billing@evil.co.uk",
        "c2.evil.example",
        "2001:db8:1::/48",
    ]


@pytest.mark.parametrize(
    "text",
    ["at 10:30:45 today", "ratio 1:2", "std::vector<int>", "a::b", "1.2.3.4.5", "v1.2.3.4-beta", "mailto", "C:\\x.y",
     "see section 4.2.1.", "foo.bar.baz()", "price: 3.50", "ABCDEF" * 6],
)  # fmt: skip
def test_what_only_looks_like_one_is_passed_over(text: str) -> None:
    assert found_in(text) == []


def test_harmless_and_back() -> None:
    for value in ("http://evil.example/a.b", "eve@evil.example", "192.0.2.7"):
        assert "." not in defanged(value).replace("[.]", "")
        assert refanged(defanged(value)) == value


@given(st.text(max_size=300))
def test_whatever_is_written_every_form_stands(text: str) -> None:
    for found in found_in(text):
        assert recognised(found.value) == found


@pytest.mark.parametrize("text", ["a." * 50_000, "a@" * 50_000, ":" * 100_000, "1." * 50_000, "http://" * 20_000,
                                  "[.]" * 40_000, "a-" * 50_000, "x" * 200_000])  # fmt: skip
def test_hostile_text_takes_no_longer_than_it_is_long(text: str) -> None:
    started = time.process_time()
    found_in(text)
    assert time.process_time() - started < 5
