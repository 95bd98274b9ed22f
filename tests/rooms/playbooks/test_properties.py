"""Whatever a file holds, there is a message or a playbook, never a fault; and every checklist leaves as it is."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.rooms.playbooks.files import branching, identifier
from tocsin.rooms.playbooks.actions.importing import STARTER
from tocsin.rooms.playbooks.knowledge import Problem, Read, Unusable, Whole, understand, write
from tocsin.rooms.playbooks.knowledge.outline import check, flat, tree
from tocsin.rooms.playbooks.knowledge.reading import storable
from tocsin.rooms.playbooks.models import Step, Tick
from tocsin.rooms.playbooks.queries import course_of, draw

VALID = [json.loads(path.read_text()) for path in sorted(STARTER.glob("*.json"))] + [branching()]
scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30)
anything = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
KINDS = ("action", "if-condition", "switch-condition", "while-condition", "parallel", "playbook-action")
MANY = settings(max_examples=300, suppress_health_check=list(HealthCheck))


def understood(raw: bytes) -> tuple[Read | None, tuple[Problem, ...]]:
    try:
        return understand(raw), ()
    except Unusable as error:
        return None, error.problems


def tried(raw: bytes) -> Read | None:
    """Give what is understood of bytes; the only other outcome is problems, each with a place and a sentence."""
    read, problems = understood(raw)
    if read is None:
        assert problems
        assert all(problem.path.startswith("$") and problem.text for problem in problems)
        return None
    check(read.lines)
    assert all(storable(json.dumps(line.details, ensure_ascii=False)) for line in read.lines)
    assert all(
        len(line.title) <= 200 and len(line.responsible) <= 120 and len(line.label) <= 200 for line in read.lines
    )
    assert all(line.title or line.kind == "branch" for line in read.lines)
    return read


def whole(read: Read) -> Whole:
    now = datetime(2026, 11, 27, tzinfo=UTC)
    return Whole(UUID(int=1 << 78), identifier("identity_2"), read.name, read.description, read.types, read.tlp, now,
                 now, read.rsit, read.severity_from, read.translations, read.document)  # fmt: skip


def shape(read: Read) -> list[tuple[Any, ...]]:
    places = {str(line.key): place for place, line in enumerate(read.lines)}
    return [
        (line.kind, line.depth, line.title, line.when, line.label, places.get(line.resume, line.resume))
        for line in read.lines
    ]


@MANY
@given(st.binary(max_size=300))
def test_any_bytes(raw: bytes) -> None:
    tried(raw)


@MANY
@given(anything)
def test_any_json(value: Any) -> None:
    tried(json.dumps(value).encode("utf-8", "surrogatepass"))


def places(value: Any) -> list[tuple[Any, Any]]:
    """Give every place of a document where something stands: what holds it, and the key."""
    found: list[tuple[Any, Any]] = []
    waiting = [value]
    while waiting:
        holder = waiting.pop()
        keys = holder if isinstance(holder, dict) else range(len(holder)) if isinstance(holder, list) else ()
        for key in list(keys):
            found.append((holder, key))
            waiting.append(holder[key])
    return found


@MANY
@given(st.data())
def test_valid_files_with_something_changed(data: st.DataObject) -> None:
    made = json.loads(json.dumps(data.draw(st.sampled_from(VALID))))
    steps = list(made["workflow"])
    for _ in range(data.draw(st.integers(1, 4))):
        held = places(made)
        holder, key = held[data.draw(st.integers(0, len(held) - 1))]
        how = data.draw(st.sampled_from(["remove", "replace", "swap", "add"]))
        if how == "remove":
            del holder[key]
        elif how == "swap":
            other, place = held[data.draw(st.integers(0, len(held) - 1))]
            holder[key] = json.loads(json.dumps(other[place]))
        elif how == "add" and isinstance(holder, dict):
            names = [
                "on_completion",
                "on_failure",
                "on_true",
                "cases",
                "next_steps",
                "type",
                "agent",
                "markings",
                "commands",
            ]
            holder[data.draw(st.sampled_from(names))] = data.draw(anything)
        else:
            holder[key] = data.draw(anything | st.sampled_from(steps))
    read = tried(json.dumps(made).encode("utf-8", "surrogatepass"))
    if read is not None:
        assert understand(write(whole(read), read.lines))


@st.composite
def workflows(draw: st.DrawFn) -> dict[str, Any]:
    """Draw a workflow whose steps point at each other anyhow, mostly forwards."""
    number = draw(st.integers(1, 9))
    names = [f"{draw(st.sampled_from(KINDS))}_{n}" for n in range(number)]
    ids = [*map(identifier, names), identifier("end_1")]

    def ahead(n: int) -> str:
        back = draw(st.integers(0, 19)) == 0
        return ids[draw(st.integers(0 if back else n + 1, number))]

    steps: dict[str, Any] = {
        identifier("start_1"): {"type": "start", "on_completion": ids[0]},
        ids[-1]: {"type": "end"},
    }
    for n, name in enumerate(names):
        kind = name.rpartition("_")[0]
        step: dict[str, Any] = {"type": kind, "name": name}
        if kind in {"action", "playbook-action", "while-condition"} or draw(st.booleans()):
            step["on_completion"] = ahead(n)
            if draw(st.integers(0, 2)) == 0:
                step["on_success"], step["on_failure"] = step.pop("on_completion"), ahead(n)
        if kind == "playbook-action":
            step["playbook_id"] = "playbook--x"
        if kind in {"if-condition", "while-condition"}:
            step |= {"condition": "c", "on_true": ahead(n)}
        if kind == "if-condition" and draw(st.booleans()):
            step["on_false"] = ahead(n)
        if kind == "switch-condition":
            step |= {
                "switch": "s",
                "cases": {case: ahead(n) for case in draw(st.sets(st.sampled_from(["a", "b", "default"]), min_size=1))},
            }
        if kind == "parallel":
            step["next_steps"] = [ahead(n) for _ in range(draw(st.integers(1, 3)))]
        steps[ids[n]] = step
    return steps


@MANY
@given(workflows())
def test_every_flow_becomes_a_checklist_with_all_its_steps_or_a_message(steps: dict[str, Any]) -> None:
    made = branching() | {"workflow": steps, "workflow_start": identifier("start_1")}
    made.pop("workflow_exception")
    read = tried(json.dumps(made).encode())
    if read is None:
        return
    named = {step["name"] for step in steps.values() if "name" in step}
    assert {line.title for line in read.lines if line.kind != "branch"} == named
    again = understand(write(whole(read), read.lines))
    assert shape(again) == shape(read)
    assert list(flat(tree(read.lines))) == list(read.lines)


@MANY
@given(workflows(), st.data())
def test_every_checklist_comes_to_its_end(steps: dict[str, Any], data: st.DataObject) -> None:
    made = branching() | {"workflow": steps, "workflow_start": identifier("start_1")}
    made.pop("workflow_exception")
    read = tried(json.dumps(made).encode())
    if read is None:
        return
    rows = [Step(pk=place + 1, position=place, **{name: getattr(line, name) for name in line.__slots__})
            for place, line in enumerate(read.lines)]  # fmt: skip
    ticks: dict[int, Tick] = {}
    draw(rows)
    for _ in range(len(rows) + 1):
        course = course_of(rows, ticks.values())
        following = course.next
        assert course.settled <= course.total
        if following is None:
            break
        step = following.step
        chosen = (
            data.draw(st.sampled_from([b for b in following.choices if b.when != "body"]))
            if step.kind == "choice"
            else None
        )
        state = "chosen" if following.choices else data.draw(st.sampled_from(["done", "skipped", "failed"]))
        ticks[step.pk] = Tick(step=step, state=state, branch=chosen)
    assert course_of(rows, ticks.values()).next is None
