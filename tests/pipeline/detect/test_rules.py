"""Rules that cannot be run are refused with file, line and reason; the others run."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.pipeline.detect.building import WINDOWS, plan, rule
from tocsin.pipeline.detect.plan import compile_plan
from tocsin.pipeline.detect.rule import LogSource

GOOD = """\
title: Good
id: 6f3e2987-db24-4c78-a860-b4f4095a7095
status: test
level: critical
tags: [attack.execution, attack.t1059.001, attack.T1003, cve.2021-44228]
logsource: {product: Windows, category: process_creation}
detection:
  selection: {Image: x}
  condition: selection
"""


def test_a_rule_tells_what_the_rooms_need() -> None:
    (good,) = plan(GOOD).rules
    assert (good.id, good.title, good.level, good.status) == (
        "6f3e2987-db24-4c78-a860-b4f4095a7095",
        "Good",
        "critical",
        "test",
    )
    assert good.techniques == ("T1059.001", "T1003")
    assert good.path == "rule1.yml"
    assert good.subject == ("host.name",)
    assert good.source == LogSource("windows", "process_creation")


def test_the_version_is_of_the_content_not_of_how_it_is_written() -> None:
    spaced = GOOD.replace("{Image: x}", "\n      Image: 'x'  # a comment")
    changed = GOOD.replace("Image: x", "Image: y")
    versions = [plan(text).rules[0].version for text in (GOOD, spaced, changed)]
    assert versions[0] == versions[1] != versions[2]
    assert len(versions[0]) == 16


def test_a_rule_without_id_is_known_by_its_version() -> None:
    (unnamed,) = plan(GOOD.replace("id: 6f3e2987-db24-4c78-a860-b4f4095a7095\n", "")).rules
    assert unnamed.id == unnamed.version


def test_a_rule_without_level_counts_as_low() -> None:
    assert plan(GOOD.replace("level: critical\n", "")).rules[0].level == "low"


REFUSED = [
    ("a: [", 2, "YAML error"),
    ("title: x\ntitle: y\n", 2, "the key title is given twice"),
    ("- 1\n- 2\n", None, "a rule is a mapping"),
    ("", None, "the file holds no rule"),
    ("title: x\ndate: 2026-99-99\n", None, "YAML error"),
    (GOOD.replace("logsource: {product: Windows, category: process_creation}\n", ""), None, "must have a log source"),
    (GOOD.replace("Windows", "solaris"), 6, "no format that is read here carries the log source product solaris"),
    (GOOD.replace("process_creation", "telepathy"), 6, "category telepathy"),
    (GOOD.replace("condition: selection", "condition: selektion"), 9, "'selektion' not defined"),
    (GOOD.replace("condition: selection", "condition: selection | count() > 5"), 9, "pipe syntax"),
    (GOOD.replace("condition: selection", "condition: 1 of other*"), 9, "doesn't match any detection"),
    (GOOD.replace("  condition: selection\n", ""), 7, "condition"),
    (GOOD.replace("Image: x", "Image|sounds_like: x"), 7, "Unknown modifier"),
    (GOOD.replace("Image: x", "Image|re: '(?<=a)b'"), 8, "is invalid"),
    (GOOD.replace("Image: x", "Image|re: '('"), 8, "is invalid"),
    (GOOD.replace("Image: x", "Image|re: '((a{1,100}){1,100}){1,100}'"), 8, "is invalid"),
    (GOOD.replace("Image: x", "Image|expand: '%admins%'"), 8, "the placeholder %admins% has no values here"),
    (GOOD.replace("Image: x", "Image|cidr: 10.0.0.1/8"), 7, "Invalid CIDR"),
    (GOOD.replace("{Image: x}", "['*']"), None, "would be found in every record"),
    (
        GOOD.replace("product: Windows, category: process_creation", "category: webserver"),
        8,
        "the field Image is not known",
    ),
    ("title: C\ncorrelation: {type: event_count, rules: [a]}\n", 2, "correlation rules are not supported yet"),
    ("title: F\nlogsource: {product: windows}\nfilter: {rules: [a]}\n", 3, "global filters are not supported yet"),
]


@pytest.mark.parametrize(("text", "line", "reason"), REFUSED, ids=[reason for _, _, reason in REFUSED])
def test_it_refuses_with_line_and_reason(text: str, line: int | None, reason: str) -> None:
    compiled = plan(text, GOOD.replace("6f3e2987", "7f3e2987"))
    assert [good.path for good in compiled.rules] == ["rule2.yml"]
    (refusal,) = compiled.refused
    assert refusal.path == "rule1.yml"
    assert reason in refusal.reason
    assert refusal.line == line
    assert str(refusal).startswith("rule1.yml:")


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    (tmp_path / "bad.yml").write_bytes(b"title: \xff")
    (refusal,) = compile_plan([tmp_path], cache=None).refused
    assert refusal.reason == "not UTF-8 at byte 7"


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    (refusal,) = compile_plan([tmp_path / "gone.yml"], cache=None).refused
    assert "No such file" in refusal.reason


def test_a_huge_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "huge.yml").write_text("#" * (1 << 21))
    (refusal,) = compile_plan([tmp_path], cache=None).refused
    assert "larger than" in refusal.reason


def test_a_bomb_of_aliases_is_refused() -> None:
    bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"{name}: &{name} [{', '.join(['*' + before] * 9)}]\n"
        for before, name in zip("abcdefgh", "bcdefghi", strict=True)
    )
    (refusal,) = plan(bomb).refused
    assert "too many nodes" in refusal.reason


def test_the_same_rule_twice_runs_once() -> None:
    compiled = plan(GOOD, GOOD)
    assert len(compiled.rules) == 1
    assert compiled.refused[0].reason == "another rule has the same id: rule1.yml"


def test_rules_that_only_feed_a_correlation_are_refused_with_it() -> None:
    correlation = "title: Many\ncorrelation: {type: event_count, rules: [6f3e2987-db24-4c78-a860-b4f4095a7095]}\n"
    compiled = plan(GOOD, correlation)
    assert not compiled.rules
    assert any("only feeds the correlation rule “Many”" in refusal.reason for refusal in compiled.refused)
    assert len(plan(GOOD, correlation.replace("]}", "], generate: true}")).rules) == 1


def test_a_correlation_may_name_its_rules() -> None:
    named = GOOD.replace("title: Good", "title: Good\nname: good_one")
    assert not plan(named, "title: Many\ncorrelation: {type: event_count, rules: [good_one]}\n").rules


def test_several_rules_may_share_a_file() -> None:
    second = GOOD.replace("6f3e2987", "7f3e2987").replace("Image: x", "Image|cidr: x")
    compiled = plan(f"{GOOD}\n---\n{second}")
    assert [good.title for good in compiled.rules] == ["Good"]
    assert compiled.refused[0].line == 18


def test_the_old_way_to_share_a_file_still_works() -> None:
    whole = "action: global\ntitle: Old\nlogsource: {product: windows}\ndetection: {condition: a}\n"
    parts = "---\ndetection: {a: {A: 1}}\n---\ndetection: {a: {A: 2}}\n"
    assert len(plan(whole + parts).rules) == 2


def test_folders_are_searched_for_yaml_in_order(tmp_path: Path) -> None:
    (tmp_path / "b" / "c").mkdir(parents=True)
    for name, letter in (("b/c/z.yml", "6"), ("b/a.yaml", "7"), ("notes.txt", "8")):
        (tmp_path / name).write_text(GOOD.replace("6f3e", f"{letter}f3e"))
    found = compile_plan([tmp_path], cache=None)
    assert [Path(good.path).name for good in found.rules] == ["a.yaml", "z.yml"]


def test_a_service_of_linux_and_one_of_windows_have_their_subjects() -> None:
    document = rule({"selection": ["x"]}, logsource={"product": "linux", "service": "sudo"})
    assert plan(document).rules[0].subject == ("user.name", "host.name")
    assert plan(rule({"selection": ["x"]}, logsource=WINDOWS)).rules[0].subject == ("host.name",)
