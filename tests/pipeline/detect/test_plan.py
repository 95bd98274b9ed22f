"""The plan says which columns are needed, and is kept on disk."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.pipeline.detect.building import KIND, plan, rows, rule
from tests.pipeline.detect.test_rules import GOOD
from tocsin.pipeline.detect import plan as plan_module
from tocsin.pipeline.detect.plan import compile_plan
from tocsin.pipeline.schema.event import Kind

SECURITY = {"product": "windows", "service": "security"}
WEB = {"category": "webserver"}


def test_it_names_only_the_columns_that_can_matter_for_a_kind() -> None:
    compiled = plan(
        rule({"selection": {"EventID": 4624, "LogonType": 3}}, "one", logsource=SECURITY),
        rule({"selection": {"EventID": 4625, "Status": "x"}}, "two", logsource=SECURITY),
        rule({"selection": {"A|fieldref": "B"}}, "three"),
    )
    assert compiled.native(Kind("windows", "security", "4624")) == {"LogonType", "A", "B"}
    assert compiled.native(Kind("windows", "security", "4625")) == {"Status", "A", "B"}
    assert compiled.native(Kind("windows", "security", "1")) == {"A", "B"}
    assert compiled.native(Kind("zeek", "dns")) == frozenset()


def test_it_names_the_subject_columns_too() -> None:
    compiled = plan(rule({"selection": {"sc-status": 200}}, logsource=WEB))
    assert compiled.ecs(Kind("web", "access")) == {"http.response.status_code", "source.ip", "host.name"}
    assert compiled.native(Kind("web", "access")) == frozenset()
    assert compiled.ecs(Kind("linux", "sshd")) == frozenset()
    wanted = compiled.want(["user.email"]).ecs
    assert wanted is not None
    assert {"http.response.status_code", "source.ip", "user.email"} <= wanted


def test_kinds_that_ask_the_same_share_their_part() -> None:
    compiled = plan(rule({"selection": {"A": "x"}}))
    assert compiled.of(Kind("windows", "a", "1")) is compiled.of(Kind("windows", "b", "2"))


def test_endless_kinds_do_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan_module, "MAX_KINDS", 10)
    compiled = plan(rule({"selection": {"A": "x"}}))
    parts = {id(compiled.of(Kind("windows", str(number)))) for number in range(25)}
    assert len(compiled._kinds) <= 10
    assert len(parts) <= 3


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "good.yml").write_text(
        GOOD.replace("Image: x", "A|re: '[a-z]+x$'").replace(", category: process_creation", "")
    )
    (tmp_path / "rules" / "bad.yml").write_text("a: [")
    return tmp_path / "rules"


def test_the_cache_gives_the_same_plan(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = tmp_path / "cache"
    first = compile_plan([folder], cache=cache)
    assert rows(first, [{"A": "abcx"}, {"A": "x"}], KIND) == [("Good", 0)]
    monkeypatch.setattr(plan_module, "load", lambda _: pytest.fail("it was compiled again"))
    second = compile_plan([folder], cache=cache)
    assert (second.rules, second.refused) == (first.rules, first.refused)
    assert rows(second, [{"A": "abcx"}, {"A": "x"}], KIND) == [("Good", 0)]


def test_a_changed_rule_is_compiled_again(folder: Path, tmp_path: Path) -> None:
    before = compile_plan([folder], cache=tmp_path / "cache")
    (folder / "good.yml").write_text((folder / "good.yml").read_text().replace("title: Good", "title: Better"))
    after = compile_plan([folder], cache=tmp_path / "cache")
    assert [found.rules[0].title for found in (before, after)] == ["Good", "Better"]


@pytest.mark.parametrize("damage", [b"", b"\0", b"not what it was", None])
def test_a_damaged_cache_is_made_again(folder: Path, tmp_path: Path, damage: bytes | None) -> None:
    cache = tmp_path / "cache"
    rows(compile_plan([folder], cache=cache), [{"A": "abcx"}], KIND)
    entries = sorted(cache.iterdir())
    assert {entry.name.partition("-")[0] for entry in entries} == {"plan", "patterns"}
    for entry in entries:
        content = entry.read_bytes()
        entry.write_bytes(content[:-1] if damage is None else damage)
    assert rows(compile_plan([folder], cache=cache), [{"A": "abcx"}], KIND) == [("Good", 0)]


def test_an_entry_of_another_version_is_made_again(folder: Path, tmp_path: Path) -> None:
    from tocsin.pipeline.detect.store import Store

    cache = tmp_path / "cache"
    rows(compile_plan([folder], cache=cache), [{"A": "abcx"}], KIND)
    for entry in cache.iterdir():
        for content in (
            b"{}\nx",
            b'{"rules": [[{}, {"Colour": []}]], "refused": []}',
            b'{"sizes": [3], "refused": []}\nabc',
        ):
            Store(cache).put(entry.name, content)
            assert rows(compile_plan([folder], cache=cache), [{"A": "abcx"}], KIND) == [("Good", 0)]


def test_a_cache_that_cannot_be_written_does_not_matter(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    assert len(compile_plan([folder], cache=tmp_path / "file" / "cache").rules) == 1
