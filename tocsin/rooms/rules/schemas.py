"""How the lists of this room are written as files."""

from __future__ import annotations

from tocsin.platform.export import Sheet

RULES = Sheet(
    name="rules",
    columns={
        "id": "sigma_id",
        "title": "title",
        "level": "get_level_display",
        "status": "status",
        "source": "source",
        "techniques": "techniques",
        "set": "rule_set.name",
        "path": "path",
        "version": "version",
        "runs": "runs",
        "refusal": "refusal",
    },
)
