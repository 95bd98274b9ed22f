"""What the room knows as data: the states of an incident and the incident taxonomy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

HERE = Path(__file__).parent

EVENT_LABELS: Mapping[str, Promise] = {
    "acknowledge": _("Acknowledge"),
    "classify": _("Start analysis"),
    "not_incident": _("Not an incident"),
    "contain": _("Start containment"),
    "eradicate": _("Start eradication"),
    "restore": _("Start recovery"),
    "verify": _("Verified"),
    "close": _("Close"),
    "new_evidence": _("New evidence"),
    "reopen": _("Reopen"),
}


@dataclass(frozen=True, slots=True)
class Event:
    """Something that can happen to an incident, and what its button says."""

    name: str
    label: Promise

    def __str__(self) -> str:
        return self.name


@cache
def _states() -> Mapping[str, Any]:
    loaded: Mapping[str, Any] = yaml.safe_load((HERE / "states.yaml").read_text())
    return loaded


@cache
def taxonomy() -> Mapping[str, Mapping[str, Any]]:
    """Give the classes of the taxonomy (RSIT 1003), each with ``name`` and ``types``."""
    classes: Mapping[str, Mapping[str, Any]] = yaml.safe_load((HERE / "taxonomy.yaml").read_text())["classes"]
    return classes


def next_state(state: str, event: str) -> str | None:
    """Give the state that ``event`` leads to, None when it cannot happen now."""
    return events_from(state).get(event)


def events_from(state: str) -> Mapping[str, str]:
    """Give what can happen in ``state``: event -> next state."""
    return {event: after for before, event, after in _states()["transitions"] if before == state}


def is_terminal(state: str) -> bool:
    """Tell whether nothing more is expected in ``state``."""
    return state in _states()["terminal"]


def label(rsit_class: str, rsit_type: str) -> str:
    """Give the names of a class and a type as people read them; empty when there is no class."""
    entry = taxonomy().get(rsit_class)
    if entry is None:
        return ""
    name = str(entry["types"].get(rsit_type, ""))
    return f"{entry['name']}: {name}" if name else str(entry["name"])
