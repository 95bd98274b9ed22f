"""Every parser has samples, and a page that tells of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tocsin.pipeline.parsers.registry import formats

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("name", sorted(formats()))
def test_every_parser_has_samples(name: str) -> None:
    samples = list((ROOT / "tests/data/pipeline/parsers").glob(f"{name}/*"))
    assert any(".expected." in sample.name for sample in samples)
    assert any(".expected." not in sample.name for sample in samples)


@pytest.mark.parametrize("name", sorted(formats()))
def test_every_parser_is_documented(name: str) -> None:
    assert f"## {name}\n" in (ROOT / "docs/reference/formats.md").read_text()
