"""The page of reference about the lines of an export: `tocsin export --fields > docs/reference/export.md`."""

from __future__ import annotations

from pathlib import Path

from django.utils import translation

from tocsin.rooms.exchange.schemas import ABOUT, FIELDS, VERSION

PAGE = Path(__file__).parents[4] / "docs" / "reference" / "export.md"
HEAD = """# Lines of an export

`tocsin export DIR`, the page **Exchange** and `/api/export/KIND` give the same lines: JSON objects, one a line (the
API: in `items`). Times are ISO 8601 in UTC, markings TLP 2.0, people are user names, organisations and teams codes. A
line that comes again has changed: keep what came last under its `uuid`. How to use it: [move](../howto/move.md).

This page is what `tocsin export --fields` prints.
"""


def export_page() -> str:
    """Give the page as it should be."""
    with translation.override("en"):
        parts = [f"{HEAD}\nSchema version: {VERSION}.\n"]
        for kind, fields in FIELDS.items():
            rows = "\n".join(f"| `{name}` | {meaning} |" for name, meaning in fields.items())
            parts.append(f"## {kind}\n\n{ABOUT[kind]}\n\n| Field | Meaning |\n| --- | --- |\n{rows}\n")
    return "\n".join(parts)
