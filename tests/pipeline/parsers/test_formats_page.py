"""The page of the formats tells what the parsers say of themselves."""

from __future__ import annotations

import importlib
import os

from tests.shared import ROOT
from tocsin.pipeline.parsers.registry import formats

PAGE = ROOT / "docs" / "reference" / "formats.md"
HEAD = """# The formats

What `tocsin ingest`, `tocsin detect` and `tocsin parse` read. The format is told from the first 64 KiB of the content;
`--format NAME` says otherwise. Every format may be compressed with gzip, text may be UTF-8 or, with a byte order mark,
UTF-16. This page is written from the parsers; `TOCSIN_TEST_REWRITE=1` with its test writes it anew.

A record that cannot be understood is rejected with its reason and place, and the others carry on: records = events +
rejected. A line or object over 1 MiB is one reject that keeps its first 4 KiB. Blank lines are no records.
"""


def page() -> str:
    parts = [HEAD]
    for name, format_ in formats().items():
        told = importlib.import_module(f"tocsin.pipeline.parsers.{name}").__doc__ or ""
        grows = (
            "A file that has grown is read on from where it ended."
            if format_.appendable
            else ("A file that has changed is read again from its beginning.")
        )
        parts.append(f"## {name}\n\n{told.strip()}\n\n{grows}\n")
    return "\n".join(parts)


def test_the_page_of_the_formats_is_current() -> None:
    if os.environ.get("TOCSIN_TEST_REWRITE"):
        PAGE.write_text(page(), encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == page()


def test_a_format_is_named_as_its_file() -> None:
    for name in formats():
        assert importlib.import_module(f"tocsin.pipeline.parsers.{name}").FORMAT.name == name
