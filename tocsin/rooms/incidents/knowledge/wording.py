"""What the timeline says of flags, closings, rejections and changed tasks, in the reader's language."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from tocsin.rooms.incidents.knowledge.flags import flags
from tocsin.rooms.incidents.models import Degree, Disposition, Incident

Details = Mapping[str, Any]
QUALITIES = {
    "confidentiality": _("Confidentiality"),
    "integrity": _("Integrity"),
    "availability": _("Availability"),
}


def flag(details: Details) -> str:
    """Say what a flag became."""
    found = flags()[details["flag"]]
    return f"{found.label}: {dict(found.choices())[details['value']]}"


def rejected(details: Details) -> str:
    """Say why it was no incident."""
    lines = [gettext("Not an incident: %s") % Disposition(details["disposition"]).label]
    return "\n".join([*lines, gettext("A near miss.")] if details.get("near_miss") else lines)


def closing(details: Details) -> str:
    """Say what was written when it was closed."""
    lines = {
        gettext("Cause"): details["cause"],
        gettext("Impact"): impact_of(details),
        gettext("Lesson"): details["lesson"],
    }
    return "\n".join(f"{name}: {text}" for name, text in lines.items() if text)


def impact_of(details: Details) -> str:
    """Put the impact into words: how badly each quality was hurt, and the text."""
    qualities = ", ".join(
        f"{QUALITIES[name]}: {Degree(details[name]).label}" for name in QUALITIES if details.get(name)
    )
    return " – ".join(filter(None, (qualities, details.get("impact", ""))))


def impact(incident: Incident) -> str:
    """Put the impact of a closed incident into words; empty when none was written."""
    return impact_of({name: getattr(incident, f"closing_{name}") for name in (*QUALITIES, "impact")})


def task_changed(details: Details) -> str:
    """Say what of a task was changed."""
    return gettext("Task changed: %(before)s → %(after)s") % {
        "before": _task(details["before"]),
        "after": _task(details["after"]),
    }


def _task(task: Details) -> str:
    due = task.get("due_at")
    return f"{task['title']} ({datetime.fromisoformat(due).astimezone(UTC):%Y-%m-%d %H:%M}Z)" if due else task["title"]


WORDED: Mapping[str, Callable[[Details], str]] = {
    "flag": flag,
    "rejected": rejected,
    "closing": closing,
    "task_changed": task_changed,
}
