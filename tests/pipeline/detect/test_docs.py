"""The pages name everything there is."""

from __future__ import annotations

from sigma.modifiers import modifier_mapping

from tests.shared import ROOT
from tocsin.pipeline.detect import mapping

SAME = {"ignorecase": "i", "multiline": "m", "dotall": "s"}


def test_every_key_of_a_mapping_is_explained() -> None:
    page = (ROOT / "docs/howto/add-a-field-mapping.md").read_text()
    for key in mapping.SOURCE_KEYS | mapping.FILE_KEYS:
        assert f"| `{key}` |" in page


def test_every_modifier_is_explained() -> None:
    page = (ROOT / "docs/reference/detection.md").read_text()
    for modifier in modifier_mapping:
        assert f"`{SAME.get(modifier, modifier)}`" in page, modifier
