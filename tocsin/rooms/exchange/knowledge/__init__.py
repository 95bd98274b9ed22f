"""What the room knows as data: how foreign systems write their incidents, and how that is read."""

from __future__ import annotations

from tocsin.rooms.exchange.knowledge.convert import PassedOver, Reader, Remarks, Unusable
from tocsin.rooms.exchange.knowledge.desks import (
    ANSWERS,
    desks,
    ours,
    read_fields,
    read_ours,
    read_theirs,
    theirs,
    written,
)
from tocsin.rooms.exchange.knowledge.headings import FIELDS, peer_of_columns, proposed
from tocsin.rooms.exchange.knowledge.opening import NotReadable
from tocsin.rooms.exchange.knowledge.peer import Peer, PeerError, categories, load, peers
from tocsin.rooms.exchange.knowledge.rows import Layout, NoTable
from tocsin.rooms.exchange.knowledge.source import Found, layout, records

__all__ = [
    "ANSWERS",
    "FIELDS",
    "Found",
    "Layout",
    "NoTable",
    "NotReadable",
    "PassedOver",
    "Peer",
    "PeerError",
    "Reader",
    "Remarks",
    "Unusable",
    "categories",
    "desks",
    "layout",
    "load",
    "ours",
    "peer_of_columns",
    "peers",
    "proposed",
    "read_fields",
    "read_ours",
    "read_theirs",
    "records",
    "theirs",
    "written",
]
