"""What our checklists say beyond CACAO: an extension of its own, as section 8 of the specification provides."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

KEY = "extension-definition--5d0c2a4e-8f43-4d0b-9c55-3f6f0c7d51b2"
AUTHOR = "identity--2f7a7bb9-5f0e-4d5d-8a55-0f7d6f3f2c11"
DEFINITION: Mapping[str, Any] = {
    "type": "extension-definition",
    "name": "Tocsin checklist",
    "description": "Who does a step and how long it takes, when a playbook fits, texts in other languages.",
    "created_by": AUTHOR,
    "schema": (
        "Of a playbook: rsit (list of classes and types of RSIT 1003), severity_from (0 to 5), translations. "
        "Of a step: responsible (text), expected_minutes (whole number), labels (branch to text), translations. "
        "translations: language code to name, description and, of a step, labels."
    ),
    "version": "1.0.0",
}
LANGUAGES = ("fr",)
LONGEST = 20_000
MOST_MINUTES = 60 * 24 * 30


def of(thing: Mapping[str, Any], where: str) -> Mapping[str, Any]:
    """Give our extension of a playbook or a step; empty when there is none or it is none of ours."""
    held = thing.get(where)
    found = held.get(KEY) if isinstance(held, dict) else None
    return found if isinstance(found, dict) else {}


def text(value: Any, most: int) -> str:
    """Give a text of the extension, empty when it is none or too long."""
    return value if isinstance(value, str) and len(value) <= most else ""


def minutes(value: Any) -> int | None:
    """Give a number of minutes, none when it makes no sense."""
    fits = isinstance(value, int) and not isinstance(value, bool) and 0 < value <= MOST_MINUTES
    return value if fits else None


def translations(own: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Give the texts of the languages of this house: name, description, labels."""
    held = own.get("translations")
    found: dict[str, dict[str, Any]] = {}
    for language in LANGUAGES:
        given = held.get(language) if isinstance(held, dict) else None
        if not isinstance(given, dict):
            continue
        texts: dict[str, Any] = {
            "name": text(given.get("name"), 200),
            "description": text(given.get("description"), LONGEST),
            "labels": labels(given),
        }
        found[language] = {name: value for name, value in texts.items() if value}
    return found


def labels(given: Mapping[str, Any]) -> dict[str, str]:
    """Give how branches are called: by ``true``, ``false``, ``default``, the value of a case, or a track's number."""
    held = given.get("labels")
    pairs = held.items() if isinstance(held, dict) else ()
    return {key: value for key, value in pairs if len(key) <= 200 and text(value, 200)}
