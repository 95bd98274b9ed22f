"""What the room knows: CACAO 2.0, read, checked, made a checklist and written again, without any table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tocsin.platform.markings import TLP, strictest
from tocsin.rooms.playbooks.knowledge import checking, deriving, extension, reading
from tocsin.rooms.playbooks.knowledge.deriving import one_line
from tocsin.rooms.playbooks.knowledge.outline import Kind, Line, Node, When
from tocsin.rooms.playbooks.knowledge.problems import Problem, Unusable
from tocsin.rooms.playbooks.knowledge.reading import LARGEST
from tocsin.rooms.playbooks.knowledge.writing import Whole, write

__all__ = ["LARGEST", "Kind", "Line", "Node", "Problem", "Read", "Unusable", "When", "Whole", "one_line", "understand",
           "write"]  # fmt: skip
SHOWN_MOST = 60


@dataclass(frozen=True, slots=True)
class Read:
    """A file understood: what it says of the whole, its checklist, and what should be otherwise in it."""

    identifier: str
    name: str
    description: str
    types: tuple[str, ...]
    tlp: str
    created: datetime
    modified: datetime
    revoked: bool
    rsit: tuple[str, ...]
    severity_from: int
    translations: Mapping[str, Any]
    facts: Mapping[str, Any]
    lines: Sequence[Line]
    remarks: tuple[Problem, ...]
    document: Mapping[str, Any]


def understand(raw: bytes) -> Read:
    """Read a CACAO 2.0 file and make a checklist of it; raises ``Unusable``, which names every place and what to do."""
    document = reading.read(raw)
    found = checking.check(document)
    found.settle()
    own = extension.of(document, "playbook_extensions")
    severity = own.get("severity_from")
    return Read(
        identifier=document["id"],
        name=one_line(document["name"]),
        description=document.get("description", ""),
        types=tuple(one_line(each, 40) for each in document.get("playbook_types", [])[:20] if isinstance(each, str)),
        tlp=_tlp(document),
        created=checking.time(document, "created"),
        modified=checking.time(document, "modified"),
        revoked=document.get("revoked") is True,
        rsit=_codes(own.get("rsit")),
        severity_from=severity if isinstance(severity, int) and 0 <= severity <= 5 else 0,
        translations={n: {k: v for k, v in t.items() if k != "labels"} for n, t in extension.translations(own).items()},
        facts=_facts(document),
        lines=deriving.derive(document),
        remarks=tuple(found.remarks),
        document=document,
    )


def _codes(value: Any) -> tuple[str, ...]:
    return (
        tuple(each for each in value[:50] if isinstance(each, str) and len(each) <= 60)
        if isinstance(value, list)
        else ()
    )


def _tlp(document: Mapping[str, Any]) -> str:
    """Give the strictest of the TLP markings that the playbook carries; AMBER when it carries none."""
    known = document.get("data_marking_definitions", {})
    carried = [
        known[marking] for marking in document.get("markings", []) if isinstance(marking, str) and marking in known
    ]
    labels = [str(each.get("tlpv2_level", "")).removeprefix("TLP:") for each in carried]
    return strictest(label for label in labels if label in TLP.values)


def _facts(document: Mapping[str, Any]) -> dict[str, Any]:
    """Give what else is shown of a file: its variables, references, signatures and whose it is."""
    variables = [
        {
            "name": one_line(name),
            **{role: one_line(str(held[role])) for role in ("type", "description", "value") if held.get(role)},
        }
        for name, held in list(document.get("playbook_variables", {}).items())[:SHOWN_MOST]
    ]
    references = [
        {role: one_line(str(held[role]), 500) for role in ("name", "description", "source", "url") if held.get(role)}
        for held in document.get("external_references", [])[:SHOWN_MOST]
        if isinstance(held, dict)
    ]
    signatures = [
        {role: one_line(str(held[role])) for role in ("signee", "algorithm", "created") if held.get(role)}
        for held in document.get("signatures", [])[:SHOWN_MOST]
        if isinstance(held, dict)
    ]
    facts: dict[str, Any] = {
        "author": one_line(str(document.get("created_by", ""))),
        "labels": [one_line(each, 60) for each in document.get("labels", [])[:SHOWN_MOST] if isinstance(each, str)],
        "variables": variables,
        "references": references,
        "signatures": signatures,
        "valid_until": one_line(str(document.get("valid_until", ""))),
    }
    return {name: value for name, value in facts.items() if value}
