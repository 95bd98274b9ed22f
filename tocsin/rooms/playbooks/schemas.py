"""How the list of playbooks is written as a file."""

from __future__ import annotations

from tocsin.platform.export import Sheet

PLAYBOOKS = Sheet(
    name="playbooks",
    columns={
        "name": "name",
        "version": "current.number",
        "types": "current.types",
        "tlp": "tlp",
        "rsit": "rsit",
        "severity_from": "severity_from",
        "active": "active",
        "owner_team": "owner_team.code",
        "cacao_id": "cacao_id",
        "sha256": "current.digest",
        "updated_at": "updated_at",
        "uuid": "uuid",
    },
    tlp="tlp",
)
