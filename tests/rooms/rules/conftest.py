"""Folders of rules."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

import pytest

RULE = """title: {title}
id: {id}
status: test
description: Somebody ran {program}.
tags: [attack.execution, attack.t1059.001]
logsource: {{product: windows, category: process_creation}}
detection:
    selection:
        Image|endswith: '\\{program}'
    condition: selection
level: {level}
"""


def rule_text(title: str = "Whoami", program: str = "whoami.exe", level: str = "high") -> str:
    """Give the text of a rule that runs."""
    return RULE.format(title=title, program=program, level=level, id=uuid5(NAMESPACE_URL, title))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give a folder with two rules that run and one that cannot."""
    place = tmp_path / "house"
    (place / "windows").mkdir(parents=True)
    (place / "windows" / "whoami.yml").write_text(rule_text())
    (place / "net.yml").write_text(rule_text("Net", "net.exe", "low"))
    (place / "broken.yml").write_text("title: Broken\nid: [\n")
    return place


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], Path]:
    """Keep what is written in a folder of the test's own."""
    monkeypatch.setenv("TOCSIN_HOME", str(tmp_path / "home"))
    return lambda: tmp_path / "home"
