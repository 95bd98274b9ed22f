"""What every starter rule owes its readers."""

from __future__ import annotations

import re
import uuid
from pathlib import Path
from typing import Any

import pytest
import yaml

from tocsin.exercise.story import STARTER_RULES

RULES = sorted(STARTER_RULES.glob("*.yml"))
DOCUMENT = Path(__file__).parents[2] / "docs" / "reference" / "starter-rules.md"


def _rule(path: Path) -> dict[str, Any]:
    rule: dict[str, Any] = yaml.safe_load(path.read_bytes())
    return rule


@pytest.mark.parametrize("path", RULES, ids=lambda path: path.stem)
def test_it_says_who_wrote_it_and_what_may_be_wrong(path: Path) -> None:
    rule = _rule(path)
    assert uuid.UUID(rule["id"]).version == 4
    assert rule["license"] == "EUPL-1.2"
    assert rule["description"].endswith(".")
    assert rule["falsepositives"]


@pytest.mark.parametrize("path", RULES, ids=lambda path: path.stem)
def test_it_names_a_technique(path: Path) -> None:
    assert any(re.fullmatch(r"attack\.t\d{4}(\.\d{3})?", tag) for tag in _rule(path)["tags"])


def test_ids_and_titles_are_used_once() -> None:
    for key in ("id", "title"):
        values = [_rule(path)[key] for path in RULES]
        assert len(set(values)) == len(values)


def test_the_reference_lists_every_rule_with_its_level() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    missing = [path.stem for path in RULES if f"| `{path.stem}` | {_rule(path)['level']} |" not in text]
    assert missing == []
