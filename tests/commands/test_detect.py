"""`tocsin detect`: hits as JSON lines, and nothing dropped in silence."""

from __future__ import annotations

import gzip
import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from tests.pipeline.detect.test_rules import GOOD
from tests.shared import shared_zip
from tocsin.commands.detect import command

RULE = GOOD.replace("Image: x", r"Image|endswith: \x.exe")
SYSMON = {"Channel": "Microsoft-Windows-Sysmon/Operational", "EventID": 1, "Provider_Name": "Microsoft-Windows-Sysmon"}
HIT = {**SYSMON, "Computer": "a.example", "Image": r"C:\x.exe", "SystemTime": "2026-01-31T03:04:05.678Z"}
MISS = {**SYSMON, "Image": r"C:\y.exe"}


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOCSIN_HOME", str(tmp_path / "home"))


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    path = tmp_path / "good.yml"
    path.write_text(RULE)
    return path


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return _log(tmp_path / "logs" / "a.jsonl", MISS, HIT)


def _log(path: Path, *events: dict[str, Any]) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text("".join(json.dumps(event) + "\n" for event in events))
    return path


def _run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(command, [str(argument) for argument in arguments])


def _hits(result: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_a_hit_says_what_where_and_when(rules: Path, log: Path) -> None:
    result = _run(log, "--rules", rules, "--json")
    assert result.exit_code == 0
    assert _hits(result) == [
        {
            "rule_id": "6f3e2987-db24-4c78-a860-b4f4095a7095",
            "title": "Good",
            "level": "critical",
            "path": str(log),
            "record": 2,
            "time": "2026-01-31T03:04:05.678000Z",
            "organisations": None,
        }
    ]
    assert f"{log}: 2 records, 0 rejected, 1 hits" in result.stderr


def test_an_event_without_time_has_none(rules: Path, tmp_path: Path) -> None:
    timeless = {name: value for name, value in HIT.items() if name != "SystemTime"}
    assert _hits(_run(_log(tmp_path / "a.jsonl", timeless), "--rules", rules))[0]["time"] is None


def test_a_chart_says_whose_it_is(rules: Path, log: Path, tmp_path: Path) -> None:
    chart = {
        "meta": {"name": "Test", "version": "1"},
        "organisations": [{"code": "A", "name": "A", "kind": "outside", "domains": ["a.example"]}],
    }
    (tmp_path / "chart.yaml").write_text(yaml.safe_dump(chart))
    assert _hits(_run(log, "--rules", rules, "--chart", tmp_path / "chart.yaml"))[0]["organisations"] == ["A"]
    _log(log, {**HIT, "Computer": "elsewhere"})
    assert _hits(_run(log, "--rules", rules, "--chart", tmp_path / "chart.yaml"))[0]["organisations"] == []


def test_a_broken_chart_stops_with_file_and_line(rules: Path, log: Path, tmp_path: Path) -> None:
    (tmp_path / "chart.yaml").write_text("meta: [")
    result = _run(log, "--rules", rules, "--chart", tmp_path / "chart.yaml")
    assert result.exit_code == 1
    assert "chart.yaml:" in result.stderr


def test_folders_are_walked(rules: Path, log: Path) -> None:
    packed = log.with_name("b.jsonl.gz")
    packed.write_bytes(gzip.compress(log.read_bytes()))
    assert [hit["path"] for hit in _hits(_run(log.parent, "--rules", rules))] == [str(log), str(packed)]


def test_bad_files_do_not_stop_the_others(rules: Path, log: Path, tmp_path: Path) -> None:
    empty, strange = tmp_path / "empty", tmp_path / "strange"
    empty.touch()
    strange.write_bytes(b"\x01\x02\x03 no log at all")
    result = _run(tmp_path / "gone", empty, strange, log, "--rules", rules)
    assert result.exit_code == 1
    assert len(_hits(result)) == 1
    for path in ("gone", "empty", "strange"):
        assert f"{tmp_path / path}: not taken: " in result.stderr


def test_a_rejected_record_is_told_and_the_others_carry_on(rules: Path, log: Path) -> None:
    log.write_text(json.dumps(MISS) + "\nnot json\n" + json.dumps(HIT) + "\n")
    result = _run(log, "--rules", rules)
    assert result.exit_code == 1
    assert [hit["record"] for hit in _hits(result)] == [3]
    assert f"{log}: record 2 rejected: not JSON" in result.stderr


def test_a_gzip_that_ends_early_gives_what_could_be_read(rules: Path, log: Path) -> None:
    events = [{**HIT, "Computer": f"{number}.example"} for number in range(2000)]
    _log(log, *events)
    cut = log.with_name("cut.gz")
    cut.write_bytes(gzip.compress(log.read_bytes())[:-100])
    result = _run(cut, "--rules", rules)
    assert result.exit_code == 1
    assert "ends early" in result.stderr
    assert len(_hits(result)) > 100


def test_a_refused_rule_is_told(rules: Path, log: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.yml").write_text("a: [")
    result = _run(log, "--rules", rules, "--rules", tmp_path / "bad.yml")
    assert result.exit_code == 1
    assert len(_hits(result)) == 1
    assert f"{tmp_path / 'bad.yml'}:2: YAML error" in result.stderr


def test_no_rule_at_all_is_an_error(log: Path, tmp_path: Path) -> None:
    result = _run(log, "--rules", tmp_path / "none")
    assert result.exit_code == 1
    assert "No rule runs" in result.stderr


def test_a_format_may_be_named(rules: Path, log: Path) -> None:
    assert len(_hits(_run(log, "--rules", rules, "--format", "windows_json"))) == 1
    wrong = _run(log, "--rules", rules, "--format", "papyrus")
    assert wrong.exit_code == 2
    assert "papyrus" in wrong.stderr


def test_every_sigmahq_regression_case_fires_its_own_rule() -> None:
    cases = shared_zip("data/01_sigma/regression_data.zip")
    folders = ("rules", "rules-emerging-threats", "rules-threat-hunting")
    rules = [shared_zip(f"data/01_sigma/sigma_{folder}.zip") for folder in folders]
    expected: defaultdict[str, set[str]] = defaultdict(set)
    for info in cases.rglob("info.yml"):
        case = yaml.safe_load(info.read_text())
        for test in case["regression_tests_info"]:
            for path in (cases / test["path"], (cases / test["path"]).with_suffix(".json")):
                expected[str(path)].update(rule["id"] for rule in case["rule_metadata"])
    assert len(expected) == 2 * 127

    result = _run(*sorted(expected), *(part for path in rules for part in ("--rules", path)), "--json")

    found: defaultdict[str, set[str]] = defaultdict(set)
    for hit in _hits(result):
        found[hit["path"]].add(hit["rule_id"])
    assert {path: ids - found[path] for path, ids in expected.items() if ids - found[path]} == {}
    assert "not taken" not in result.stderr
    assert result.stderr.count(" 0 rejected") == len(expected)


def test_an_empty_folder_and_a_link_to_nowhere_are_told(rules: Path, log: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (log.parent / "gone.jsonl").symlink_to(tmp_path / "nowhere")
    result = _run(tmp_path / "empty", log.parent, "--rules", rules)
    assert result.exit_code == 1
    assert f"{tmp_path / 'empty'}: not taken: It is a folder with no files in it." in result.stderr
    assert f"{log.parent / 'gone.jsonl'} does not exist" in result.stderr
    assert len(_hits(result)) == 1
