"""CACAO files to try things on, made of few words."""

from __future__ import annotations

import hashlib
import json
import uuid
from typing import Any

TIME = "2026-01-02T03:04:05.678Z"


def identifier(name: str) -> str:
    """Give the id of a step called ``action-a``, ``end``: always the same for the same name."""
    kind = name.rstrip("0123456789").rpartition("_")[0] or name
    return f"{kind}--{uuid.UUID(bytes=hashlib.sha256(name.encode()).digest()[:16], version=4)}"


def document(steps: dict[str, dict[str, Any]], **more: Any) -> dict[str, Any]:
    """Give a playbook of steps called TYPE_NUMBER; what they point to is named the same way."""
    workflow = {
        identifier(name): {"type": identifier(name).partition("--")[0], **_named(step)} for name, step in steps.items()
    }
    base = {
        "type": "playbook",
        "spec_version": "cacao-2.0",
        "id": identifier("playbook_1"),
        "name": "A playbook",
        "created_by": identifier("identity_1"),
        "created": TIME,
        "modified": TIME,
        "workflow_start": next(iter(workflow)),
        "workflow": workflow,
    }
    return base | more


def _named(step: dict[str, Any]) -> dict[str, Any]:
    made = dict(step)
    for role in ("on_completion", "on_success", "on_failure", "on_true", "on_false"):
        if role in made:
            made[role] = identifier(made[role])
    if "next_steps" in made:
        made["next_steps"] = [identifier(each) for each in made["next_steps"]]
    if "cases" in made:
        made["cases"] = {case: identifier(each) for case, each in made["cases"].items()}
    return made


def written(made: dict[str, Any]) -> bytes:
    """Write a document as somebody else's tool would."""
    return json.dumps(made, indent=1).encode()


def linear(*names: str, **more: Any) -> dict[str, Any]:
    """Give a playbook of actions that follow each other."""
    steps: dict[str, dict[str, Any]] = {"start_1": {"on_completion": "action_1"}}
    for place, name in enumerate(names, 1):
        after = f"action_{place + 1}" if place < len(names) else "end_1"
        steps[f"action_{place}"] = {"name": name, "on_completion": after}
    return document(steps | {"end_1": {}}, **more)


def branching() -> dict[str, Any]:
    """Give a playbook with everything: a failure, a choice, cases, a group, a loop, an exception."""
    return document(
        {
            "start_1": {"on_completion": "action_1"},
            "action_1": {"name": "Isolate", "on_success": "if-condition_1", "on_failure": "action_2"},
            "action_2": {"name": "Cut the segment off", "on_completion": "if-condition_1"},
            "if-condition_1": {"name": "Stolen?", "condition": "__x__:value = 'a'", "on_true": "action_3",
                               "on_false": "end_2", "on_completion": "switch-condition_1"},
            "action_3": {"name": "Tell", "on_completion": "end_3"},
            "switch-condition_1": {"name": "How far?", "switch": "__y__:value", "on_completion": "parallel_1",
                                   "cases": {"one": "action_4", "default": "action_5"}},
            "action_4": {"name": "Rebuild one", "on_completion": "end_4"},
            "action_5": {"name": "Rebuild all", "on_completion": "end_5"},
            "parallel_1": {"name": "Both", "next_steps": ["action_6", "action_7"],
                           "on_completion": "while-condition_1"},
            "action_6": {"name": "Backups", "on_completion": "end_6"},
            "action_7": {"name": "Secrets", "on_completion": "end_7"},
            "while-condition_1": {"name": "More?", "condition": "__z__:value = 'a'", "on_true": "action_8",
                                  "on_completion": "action_9"},
            "action_8": {"name": "Restore", "on_completion": "end_8"},
            "action_9": {"name": "Close", "on_completion": "end_1"},
            "action_10": {"name": "Call the CISO", "on_completion": "end_9"},
            **{f"end_{number}": {} for number in range(1, 10)},
        },
        workflow_exception=identifier("action_10"),
        id=identifier("playbook_2"),
    )  # fmt: skip
