"""How the lists of this room are written as files."""

from __future__ import annotations

from tocsin.platform.export import Sheet

SOURCES = Sheet(
    name="sources",
    columns={
        "name": "name",
        "organisation": "organisation.code",
        "format": "format",
        "tlp": "tlp",
        "active": "active",
        "last_received_at": "last_received_at",
    },
    organisations="organisation__code",
)
RECEIPTS = Sheet(
    name="receipts",
    columns={
        "uuid": "uuid",
        "source": "source.name",
        "name": "name",
        "format": "format",
        "status": "status",
        "problem": "problem",
        "records": "records",
        "events": "events",
        "rejected": "rejected",
        "duplicates": "duplicates",
        "hits": "hits",
        "alerts": "alerts",
        "size": "size",
        "digest": "digest",
        "created_at": "created_at",
        "updated_at": "updated_at",
    },
    organisations="source__organisation__code",
    tlp="source__tlp",
)
