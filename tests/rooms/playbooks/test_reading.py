"""Files that are no playbook: a message that names the place and what to do, and nothing is lost or half taken in."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.rooms.playbooks.files import TIME, branching, document, identifier, linear, written
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.playbooks import actions
from tocsin.rooms.playbooks.knowledge import LARGEST, Read, Unusable, understand
from tocsin.rooms.playbooks.models import Playbook


def refused(raw: bytes) -> dict[str, str]:
    with pytest.raises(Unusable) as caught:
        understand(raw)
    return {problem.path: problem.text for problem in caught.value.problems}


def outline(read: Read) -> list[str]:
    return [f"{'.' * line.depth}{line.kind}:{line.title or line.label or line.when}" for line in read.lines]


def test_a_plain_file_becomes_a_list() -> None:
    read = understand(written(linear("One", "Two")))
    assert outline(read) == ["action:One", "action:Two"]
    assert (read.name, read.tlp, read.severity_from) == ("A playbook", "AMBER", 0)


def test_everything_becomes_a_checklist_depth_first() -> None:
    assert outline(understand(written(branching()))) == [
        "action:Isolate", ".branch:failure", "..action:Cut the segment off",
        "choice:Stolen?", ".branch:true", "..action:Tell", ".branch:false",
        "choice:How far?", ".branch:one", "..action:Rebuild one", ".branch:default", "..action:Rebuild all",
        "group:Both", ".branch:track", "..action:Backups", ".branch:track", "..action:Secrets",
        "loop:More?", ".branch:body", "..action:Restore",
        "action:Close", "branch:exception", ".action:Call the CISO",
    ]  # fmt: skip


def test_branches_that_meet_again_are_written_once() -> None:
    made = document({
        "start_1": {"on_completion": "if-condition_1"},
        "if-condition_1": {"name": "Q", "condition": "c", "on_true": "action_1", "on_false": "action_2"},
        "action_1": {"name": "A", "on_completion": "action_3"}, "action_2": {"name": "B", "on_completion": "action_3"},
        "action_3": {"name": "C", "on_completion": "end_1"}, "end_1": {},
    })  # fmt: skip
    expected = ["choice:Q", ".branch:true", "..action:A", ".branch:false", "..action:B", "action:C"]
    assert outline(understand(written(made))) == expected


def test_a_failure_that_ends_it_says_so() -> None:
    made = document({
        "start_1": {"on_completion": "action_1"},
        "action_1": {"name": "A", "on_success": "action_2", "on_failure": "action_3"},
        "action_2": {"name": "B", "on_completion": "end_1"}, "action_3": {"name": "F", "on_completion": "end_2"},
        "end_1": {}, "end_2": {},
    })  # fmt: skip
    lines = understand(written(made)).lines
    assert [(line.title, line.resume) for line in lines] == [("A", ""), ("", "end"), ("F", ""), ("B", "")]


def test_many_failures_that_lead_to_one_handler_do_not_nest() -> None:
    steps: dict[str, dict[str, Any]] = {"start_1": {"on_completion": "action_1"}}
    for n in range(1, 31):
        steps[f"action_{n}"] = {"name": f"A{n}", "on_success": f"action_{n + 1}" if n < 30 else "end_1",
                                "on_failure": "action_99"}  # fmt: skip
    steps |= {"action_99": {"name": "Handler", "on_completion": "end_2"}, "end_1": {}, "end_2": {}}
    read = understand(written(document(steps)))
    assert max(line.depth for line in read.lines) == 2
    assert sum(line.title == "Handler" for line in read.lines) == 30


def test_a_loop_that_leads_back_to_itself_is_one() -> None:
    made = document({
        "start_1": {"on_completion": "while-condition_1"},
        "while-condition_1": {"name": "W", "condition": "c", "on_true": "action_1", "on_completion": "end_1"},
        "action_1": {"name": "A", "on_completion": "while-condition_1"}, "end_1": {},
    })  # fmt: skip
    assert outline(understand(written(made))) == ["loop:W", ".branch:body", "..action:A"]


def test_a_circle_is_named_with_its_steps() -> None:
    made = linear("One", "Two", "Three")
    made["workflow"][identifier("action_3")]["on_completion"] = identifier("action_1")
    [(path, text)] = refused(written(made)).items()
    assert path == f"$.workflow['{identifier('action_3')}'].on_completion"
    assert "One → Two → Three → One" in text


def test_a_circle_of_ten_thousand_steps_is_too_many_steps() -> None:
    made = linear(*(["x"] * 5_000))
    assert "$.workflow" in refused(written(made))


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"spec_version": "cacao-1.1"}, "$.spec_version"),
        ({"spec_version": ["cacao-2.0"]}, "$.spec_version"),
        ({"type": "bundle"}, "$.type"),
        ({"id": "playbook--1"}, "$.id"),
        ({"id": identifier("action_1")}, "$.id"),
        ({"id": None}, "$.id"),
        ({"name": " "}, "$.name"),
        ({"name": "x" * 201}, "$.name"),
        ({"name": ["x"]}, "$.name"),
        ({"description": "x" * 20_001}, "$.description"),
        ({"modified": "yesterday"}, "$.modified"),
        ({"modified": "2026-13-01T00:00:00Z"}, "$.modified"),
        ({"created": 5}, "$.created"),
        ({"workflow": {}}, "$.workflow"),
        ({"workflow": []}, "$.workflow"),
        ({"workflow_start": "start--1"}, "$.workflow_start"),
        ({"workflow_start": {}}, "$.workflow_start"),
        ({"workflow_exception": "end--1"}, "$.workflow_exception"),
        ({"agent_definitions": []}, "$.agent_definitions"),
        ({"target_definitions": {"a": 1}}, "$.target_definitions"),
        ({"markings": "x"}, "$.markings"),
    ],
)
def test_what_is_wrong_with_the_whole_is_named(change: dict[str, Any], path: str) -> None:
    assert path in refused(written(linear("One") | change))


@pytest.mark.parametrize(
    ("change", "role"),
    [
        ({"type": "dance"}, ".type"),
        ({"type": ["action"]}, ".type"),
        ({"type": "end"}, ""),
        ({"name": 5}, ".name"),
        ({"on_completion": "action--x"}, ".on_completion"),
        ({"on_completion": None}, ".on_completion"),
        ({"on_failure": identifier("end_1")}, ".on_completion"),
        ({"cases": {"a": identifier("end_1")}}, ".cases"),
        ({"next_steps": 5}, ".next_steps"),
        ({"on_true": identifier("end_1")}, ".on_true"),
        ({"commands": "rm -rf /"}, ".commands"),
        ({"commands": ["rm -rf /"]}, ".commands"),
        ({"targets": [5]}, ".targets"),
        ({"step_variables": []}, ".step_variables"),
        ({"step_extensions": []}, ".step_extensions"),
    ],
)
def test_what_is_wrong_with_a_step_is_named(change: dict[str, Any], role: str) -> None:
    made = linear("One")
    made["workflow"][identifier("action_1")] |= change
    assert f"$.workflow['{identifier('action_1')}']{role}" in refused(written(made))


def test_steps_that_nothing_leads_to_are_named() -> None:
    made = linear("One")
    made["workflow"][identifier("action_7")] = {"type": "action", "name": "Alone"}
    assert refused(written(made)) == {
        f"$.workflow['{identifier('action_7')}']": "No step leads here; link it or take it out."
    }


@pytest.mark.parametrize("kind", ["if-condition", "while-condition", "switch-condition", "parallel", "playbook-action"])
def test_a_step_without_what_it_needs_is_named(kind: str) -> None:
    made = document({"start_1": {"on_completion": f"{kind}_1"}, f"{kind}_1": {"on_completion": "end_1"}, "end_1": {}})
    paths = refused(written(made))
    assert paths
    assert all(path.startswith(f"$.workflow['{identifier(f'{kind}_1')}'].") for path in paths)


@pytest.mark.parametrize(
    ("raw", "word"),
    [
        (b"", "not JSON"),
        (b"\xff\xfe", "UTF-8"),
        (b"[]", "JSON object"),
        (b"{", "line 1, column 2"),
        (b'{"a": NaN}', "number"),
        (b'{"a": ' + b"9" * 5_000 + b"}", "number"),
        (b'{"a": 1e999}', "too large"),
        (b"[" * 100_000, "nested"),
        (b'{"a":' * 60 + b"1" + b"}" * 60, "nested"),
        (b'{"a": "\\u0000"}', "NUL"),
        (b'{"\\ud800": 1}', "surrogate"),
        (b" " * (LARGEST + 1), "2 MB"),
    ],
)
def test_what_is_no_json_is_said(raw: bytes, word: str) -> None:
    assert any(word in text for text in refused(raw).values())


def test_a_key_that_stands_twice_is_named() -> None:
    raw = written(linear("One")).replace(b'"name": "One"', b'"name": "One", "name": "Two"')
    assert list(refused(raw)) == [f"$.workflow['{identifier('action_1')}'].name"]
    assert refused(b'{"a": {"b": {"c": 1, "c": 2}}, "a": 1}')


def test_a_byte_order_mark_is_no_trouble() -> None:
    assert understand(b"\xef\xbb\xbf" + written(linear("One"))).name == "A playbook"


def test_what_others_leave_out_is_only_remarked() -> None:
    made = linear("One")
    made["workflow"][identifier("action_1")] |= {"agent": "soarca--1", "targets": ["x"]}
    made["workflow_start"] = identifier("action_1")
    del made["workflow"][identifier("start_1")], made["created_by"]
    assert len(understand(written(made)).remarks) == 5


def test_commands_are_text_for_a_person() -> None:
    made = linear("One")
    made["workflow"][identifier("action_1")]["commands"] = [
        {"type": "manual", "command": "Ask"},
        {"type": "bash", "command_b64": "cm0gLXJmIC8=", "description": "Wipe"},
        {"type": "ssh", "command_b64": "%%%"},
        {"type": "http-api", "command": "POST /x HTTP/1.1", "headers": {"A": ["b", "c"]}, "content": "{}"},
        {"type": "odd", "what": {"ever": 1}},
    ]
    [line] = understand(written(made)).lines
    said = [(each["type"], each["text"]) for each in line.details["commands"]]
    assert said == [
        ("manual", "Ask"), ("bash", "rm -rf /"), ("ssh", "%%%"), ("http-api", "POST /x HTTP/1.1\nA: b, c\n{}"),
        ("odd", '{"what": {"ever": 1}}'),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("labels", "tlp"),
    [
        ((), "AMBER"),
        (("TLP:CLEAR",), "CLEAR"),
        (("TLP:GREEN", "TLP:AMBER+STRICT"), "AMBER+STRICT"),
        (("TLP:ODD",), "AMBER"),
    ],
)
def test_the_strictest_marking_that_it_carries_is_ours(labels: tuple[str, ...], tlp: str) -> None:
    known = {
        identifier(f"marking-tlp_{n}"): {"type": "marking-tlp", "tlpv2_level": one} for n, one in enumerate(labels)
    }
    spare = {identifier("marking-tlp_9"): {"type": "marking-tlp", "tlpv2_level": "TLP:RED"}}
    made = linear("One", data_marking_definitions=known | spare, markings=[*known, 5] if known else [])
    assert understand(written(made)).tlp == tlp


def test_a_name_of_one_line_stays_on_one() -> None:
    read = understand(written(linear("One\n<b>two</b>\x1b[31m\u202e", name="A\r\nB")))
    assert (read.name, read.lines[0].title) == ("A B", "One <b>two</b> [31m")


def test_too_many_branches_are_refused_before_they_grow() -> None:
    steps: dict[str, dict[str, Any]] = {"start_1": {"on_completion": "if-condition_1"}}
    for n in range(1, 13):
        steps[f"if-condition_{n}"] = {"condition": "c", "on_true": f"action_{n}", "on_false": f"action_{n + 50}"}
        after = f"if-condition_{n + 1}" if n < 12 else "end_1"
        steps[f"action_{n}"] = {"on_success": after, "on_failure": "end_2"}
        steps[f"action_{n + 50}"] = {"on_success": after, "on_failure": "end_2"}
    texts = refused(written(document(steps | {"end_1": {}, "end_2": {}})))
    assert "split" in texts["$.workflow"]


@pytest.mark.django_db
def test_nothing_is_kept_of_a_file_that_is_refused(responder: Person) -> None:
    with pytest.raises(Unusable):
        actions.take_file(actor=responder, raw=json.dumps(linear("One") | {"modified": TIME[:4]}).encode())
    assert not Playbook.objects.exists()
