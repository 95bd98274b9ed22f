"""How the lists of this room are written as files."""

from __future__ import annotations

from tocsin.platform.export import Sheet

LEDGER = Sheet(
    name="ledger",
    columns={
        "time": "created_at",
        "allowed": "allowed",
        "action": "action",
        "item_type": "item_type",
        "item": "item_title",
        "item_uuid": "item_uuid",
        "recipient": "recipient",
        "recipient_organisation": "recipient_organisation",
        "tlp": "tlp",
        "by": "actor_name",
        "reason": "reason",
        "withheld": "redactions",
    },
    tlp="tlp",
)
TRAIL = Sheet(
    name="trail",
    columns={
        "time": "created_at",
        "by": "actor_name",
        "verb": "verb",
        "object_type": "object_type",
        "object_uuid": "object_uuid",
        "details": "details",
        "sequence": "sequence",
    },
)
