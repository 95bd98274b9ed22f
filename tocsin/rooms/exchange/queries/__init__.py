"""Reads of the room."""

from __future__ import annotations

from tocsin.rooms.exchange.queries.imports import (
    already_here,
    files,
    folder,
    import_or_404,
    imports,
    mappings,
    may_export,
    may_import,
    origin_of,
    peer_of,
    rejected,
)
from tocsin.rooms.exchange.queries.lines import KINDS, Kind, kinds_about, kinds_for
from tocsin.rooms.exchange.queries.matching import LEFT_OUT, SPECIAL, Resolution, places, resolution, undecided
from tocsin.rooms.exchange.queries.preview import (
    brought_in,
    columns,
    organisation_choices,
    preview,
    teams,
    usernames,
)

__all__ = [
    "KINDS",
    "LEFT_OUT",
    "SPECIAL",
    "Kind",
    "Resolution",
    "already_here",
    "brought_in",
    "columns",
    "files",
    "folder",
    "import_or_404",
    "imports",
    "kinds_about",
    "kinds_for",
    "mappings",
    "may_export",
    "may_import",
    "organisation_choices",
    "origin_of",
    "peer_of",
    "places",
    "preview",
    "rejected",
    "resolution",
    "teams",
    "undecided",
    "usernames",
]
