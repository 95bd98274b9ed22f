"""Check a document against CACAO Security Playbooks 2.0 (OASIS, CS01), sections 3 to 10.

An error is what a checklist cannot be made of; everything else that the specification wants is a remark, since files
from other tools seldom keep all of it and a person can still work by them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from django.utils.translation import gettext as _

from tocsin.rooms.playbooks.knowledge.flow import Flow, pointers
from tocsin.rooms.playbooks.knowledge.problems import Findings, at

VERSION = "cacao-2.0"
NAME_MOST, TEXT_MOST, STEPS_MOST = 200, 20_000, 400
UUID_PART = r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-([0-9a-fA-F])[0-9a-fA-F]{3}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"
IDENTIFIER = re.compile(rf"([a-z][a-z0-9-]*[a-z0-9])--{UUID_PART}")
TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?Z")
TYPES = {"start", "end", "action", "playbook-action", "parallel", "if-condition", "while-condition", "switch-condition"}
NEEDED: Mapping[str, tuple[str, ...]] = {
    "if-condition": ("condition", "on_true"),
    "while-condition": ("condition", "on_true"),
    "switch-condition": ("switch",),
    "playbook-action": ("playbook_id",),
}
ROLES: Mapping[str, tuple[str, ...]] = {  # what only some types of steps have
    "on_true": ("if-condition", "while-condition"),
    "on_false": ("if-condition",),
    "cases": ("switch-condition",),
    "next_steps": ("parallel",),
}
TEXTS = ("name", "description", "condition", "switch", "playbook_id")
DICTIONARIES = (
    "playbook_variables", "agent_definitions", "target_definitions", "extension_definitions",
    "data_marking_definitions", "authentication_info_definitions", "playbook_extensions",
)  # fmt: skip
LISTS = ("playbook_types", "labels", "external_references", "markings", "signatures", "derived_from")


def check(document: Mapping[str, Any]) -> Findings:
    """Say everything that is wrong with a document that `reading.read` gave."""
    found = Findings()
    if not _is_ours(document, found):
        return found
    _check_head(document, found)
    _check_collections(document, found)
    workflow = document.get("workflow")
    if not isinstance(workflow, dict) or not workflow:
        found.error("$.workflow", _("There are no steps; the workflow must be an object of steps by their id."))
    elif len(workflow) > STEPS_MOST:
        found.error("$.workflow", _("There are more than %d steps; split the playbook.") % STEPS_MOST)
    else:
        for key, step in workflow.items():
            _check_step(workflow, key, step, found)
        if not found.errors:
            _check_flow(document, found)
            _remark_on_use(document, found)
    return found


def _is_ours(document: Mapping[str, Any], found: Findings) -> bool:
    if document.get("type") != "playbook":
        found.error("$.type", _("This is no CACAO playbook; its type must be 'playbook'."))
    elif document.get("spec_version") != VERSION:
        found.error(
            "$.spec_version",
            _("This is %(given)s; only cacao-2.0 is read. Export it as CACAO 2.0 in the tool it came from.")
            % {"given": str(document.get("spec_version"))[:40]},
        )
    return not found.errors


def _check_head(document: Mapping[str, Any], found: Findings) -> None:
    _identifier(document.get("id"), "$.id", found, only="playbook")
    name = document.get("name")
    if not isinstance(name, str) or not name.strip():
        found.error("$.name", _("The name is missing; give the playbook one."))
    elif len(name) > NAME_MOST:
        found.error("$.name", _("The name has more than %d characters; shorten it.") % NAME_MOST)
    _text(document, "description", "$", found)
    created, modified = (moment(document.get(role)) for role in ("created", "modified"))
    for role, time in (("created", created), ("modified", modified)):
        if time is None:
            found.error(
                at("$", role), _("This must be a time in UTC like 2026-11-27T12:00:00.000Z; it tells versions apart.")
            )
    if created is not None and modified is not None and modified < created:
        found.remark("$.modified", _("It is earlier than created."))
    if not isinstance(document.get("created_by"), str):
        found.remark("$.created_by", _("Nobody is named as its author (identity--UUID)."))
    if document.get("revoked") is True:
        found.remark("$.revoked", _("Its author has revoked it: it is taken in switched off."))
    until = moment(document.get("valid_until"))
    if until is not None and until < datetime.now(UTC):
        found.remark("$.valid_until", _("Its author holds it for valid until then only, and that is over."))


def _check_collections(document: Mapping[str, Any], found: Findings) -> None:
    for name in DICTIONARIES:
        held = document.get(name, {})
        if not isinstance(held, dict):
            found.error(at("$", name), _("This must be an object."))
        elif any(not isinstance(value, dict) for value in held.values()):
            found.error(at("$", name), _("Everything in it must be an object."))
    for name in LISTS:
        if not isinstance(document.get(name, []), list):
            found.error(at("$", name), _("This must be a list."))
    if document.get("authentication_info_definitions"):
        found.remark(
            "$.authentication_info_definitions",
            _("The file may hold passwords or keys; they are not shown, but whoever exports it gets them."),
        )


def _check_step(workflow: Mapping[str, Any], key: str, step: Any, found: Findings) -> None:
    path = at("$.workflow", key)
    if not isinstance(step, dict):
        found.error(path, _("A step must be an object."))
        return
    kind = step.get("type")
    if not isinstance(kind, str) or kind not in TYPES:
        found.error(at(path, "type"), _("This is no type of step; use one of: %s.") % ", ".join(sorted(TYPES)))
        return
    _identifier(key, path, found, only=kind)
    for name in TEXTS:
        _text(step, name, path, found)
    for name in NEEDED.get(kind, ()):
        if not isinstance(step.get(name), str) or not step[name].strip():
            found.error(at(path, name), _("A step of type %s needs this.") % kind)
    _check_shape(kind, step, path, found)
    for pointer in pointers(step, path):
        if not isinstance(pointer.target, str) or pointer.target not in workflow:
            shown = str(pointer.target)[:80]
            found.error(
                pointer.path, _("There is no step %s in the workflow; name one that exists, or add it.") % shown
            )


def _check_shape(kind: str, step: Mapping[str, Any], path: str, found: Findings) -> None:
    for role, kinds in ROLES.items():
        if role in step and kind not in kinds:
            found.error(at(path, role), _("A step of type %s has none of these; take it out.") % kind)
    if kind == "switch-condition":
        _check_cases(step.get("cases"), at(path, "cases"), found)
    if kind == "parallel" and not (isinstance(step.get("next_steps"), list) and step["next_steps"]):
        found.error(at(path, "next_steps"), _("A parallel step needs a list of the steps that go on at the same time."))
    if kind == "end" and any(True for _pointer in pointers(step, path)):
        found.error(path, _("An end step leads nowhere; take out what it points to, or make it another type."))
    if "on_completion" in step and ("on_success" in step or "on_failure" in step):
        found.error(at(path, "on_completion"), _("Use either on_completion, or on_success and on_failure."))
    _check_parts(step, path, found)


def _check_cases(cases: Any, path: str, found: Findings) -> None:
    if not isinstance(cases, dict) or not cases:
        found.error(path, _("A switch needs an object of cases, each naming a step."))
        return
    for case in cases:
        if not case.strip() or len(case) > NAME_MOST or not case.isprintable():
            found.error(at(path, case), _("A case is one line of at most %d characters.") % NAME_MOST)


def _check_parts(step: Mapping[str, Any], path: str, found: Findings) -> None:
    commands = step.get("commands", [])
    if not isinstance(commands, list) or not all(isinstance(each, dict) for each in commands):
        found.error(at(path, "commands"), _("This must be a list of objects."))
    for name in ("targets", "in_args", "out_args"):
        if not _strings(step.get(name, [])):
            found.error(at(path, name), _("This must be a list of texts."))
    for name in ("step_variables", "step_extensions"):
        if not isinstance(step.get(name, {}), dict):
            found.error(at(path, name), _("This must be an object."))


def _check_flow(document: Mapping[str, Any], found: Findings) -> None:
    workflow = document["workflow"]
    start, handler = document.get("workflow_start"), document.get("workflow_exception")
    if not isinstance(start, str) or start not in workflow:
        found.error("$.workflow_start", _("This must be the id of the step that everything begins with."))
        return
    if workflow[start]["type"] != "start":
        found.remark("$.workflow_start", _("This should be a step of type start."))
    if handler is not None and (not isinstance(handler, str) or handler not in workflow):
        found.error("$.workflow_exception", _("There is no such step in the workflow; name one that exists."))
        return
    flow = Flow(workflow)
    if flow.circle is not None:
        names = " → ".join(_called(workflow, key) for key in flow.circle.steps)
        found.error(
            flow.circle.path,
            _("The steps go in a circle: %s. To repeat steps, use a while-condition with an end step in its branch.")
            % names[:500],
        )
        return
    reached = flow.reachable(start, *([handler] if handler else []))
    for key in workflow:
        if key not in reached:
            found.error(at("$.workflow", key), _("No step leads here; link it or take it out."))


def _called(workflow: Mapping[str, Any], key: str) -> str:
    return str(workflow[key].get("name") or key)[:60]


def _remark_on_use(document: Mapping[str, Any], found: Findings) -> None:
    agents = document.get("agent_definitions", {})
    targets = document.get("target_definitions", {})
    for key, step in document["workflow"].items():
        path = at("$.workflow", key)
        if step["type"] == "action" and not step.get("commands"):
            found.remark(at(path, "commands"), _("An action should have commands."))
        agent = step.get("agent")
        if agent is not None and not (isinstance(agent, str) and agent in agents):
            found.remark(at(path, "agent"), _("This agent is not defined in agent_definitions."))
        for place, target in enumerate(step.get("targets", [])):
            if target not in targets:
                found.remark(at(at(path, "targets"), place), _("This target is not defined in target_definitions."))
    known = document.get("data_marking_definitions", {})
    for place, marking in enumerate(document.get("markings", [])):
        if not isinstance(marking, str) or marking not in known:
            found.remark(at("$.markings", place), _("This marking is not defined in data_marking_definitions."))


def _identifier(value: Any, path: str, found: Findings, *, only: str) -> None:
    match = IDENTIFIER.fullmatch(value) if isinstance(value, str) else None
    if match is None or match[1] != only:
        found.error(path, _("The id must be %s--UUID; give it one of that form.") % only)
    elif match[2] not in "45":
        found.remark(path, _("The UUID of an id should be of version 4."))


def _text(thing: Mapping[str, Any], name: str, path: str, found: Findings) -> None:
    value = thing.get(name, "")
    if not isinstance(value, str):
        found.error(at(path, name), _("This must be a text."))
    elif len(value) > TEXT_MOST:
        found.error(at(path, name), _("The text has more than 20,000 characters; shorten it."))


def _strings(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str) and all(isinstance(each, str) for each in value)


def time(document: Mapping[str, Any], role: str) -> datetime:
    """Give a time of a document that was checked."""
    found = moment(document.get(role))
    if found is None:
        raise ValueError(role)
    return found


def moment(value: Any) -> datetime | None:
    """Read a time as CACAO writes it (RFC 3339 in UTC with Z); none when it is not one."""
    if not isinstance(value, str) or not TIME.fullmatch(value):
        return None
    whole, _dot, part = value[:-1].partition(".")
    try:
        return datetime.fromisoformat(f"{whole}.{part[:6]:0<6}+00:00")
    except ValueError:
        return None
