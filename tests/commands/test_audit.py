"""`tocsin audit verify` tells, and its exit status too."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tocsin.cli import main
from tocsin.platform import audit
from tocsin.platform.models import AuditEntry


@pytest.fixture(autouse=True)
def _trail(db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOCSIN_HOME", str(tmp_path))
    for _ in range(3):
        audit.record(None, "x", None, {"a": 1})


def verify(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["audit", "verify", *arguments])


def test_a_whole_trail_is_whole() -> None:
    result = verify()
    assert result.exit_code == 0, result.output
    assert "3 entries" in result.output
    assert "No head has been signed" in result.output


def test_a_changed_trail_is_told_and_fails() -> None:
    audit.seal()
    AuditEntry.objects.filter(sequence=2).update(verb="y")
    result = verify()
    assert result.exit_code == 1
    assert "entry 2" in result.output
    assert "TAMPERED" in result.output


def test_copies_kept_elsewhere_are_asked(tmp_path: Path) -> None:
    audit.seal()
    audit.sign_head()
    [key] = (tmp_path / "audit").glob("*.pub")
    kept = ["--heads", str(tmp_path / "audit" / "heads.jsonl"), "--key", str(key)]
    assert verify(*kept).exit_code == 0
    AuditEntry.objects.filter(sequence=3).delete()
    assert verify(*kept).exit_code == 1


def test_machines_read_json() -> None:
    told = json.loads(verify("--json").stdout)
    assert (told["ok"], told["entries"], told["problems"]) == (True, 3, [])
