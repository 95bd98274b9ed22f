"""Match the headings of a table with our fields, and make a reader of what was chosen."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from functools import cache

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from tocsin.rooms.exchange.knowledge.peer import Peer, Record, Take, peers

TABLE = "csv"
FACT, NOTHING = "fact", ""
SEVERAL = frozenset({"organisations", "comment", "observable"})
FIELDS: Mapping[str, str | Promise] = {
    "id": _("number there"),
    "title": _("title"),
    "summary": _("summary"),
    "opened": _("opened at"),
    "closed": _("closed at"),
    "began": _("began at"),
    "state": _("state"),
    "severity": _("severity"),
    "tlp": _("marking"),
    "category": _("class or type"),
    "organisations": _("organisation"),
    "owner": _("who owns it"),
    "reporter": _("who reported it"),
    "comment": _("comment"),
    "observable": _("observables"),
    "cause": _("cause, on closing"),
    "link": _("link to it there"),
    "restricted": _("restricted, yes or no"),
    FACT: _("keep as a fact, in words"),
    NOTHING: _("leave out"),
}


def _plain(heading: str) -> str:
    letters = unicodedata.normalize("NFKD", heading.casefold())
    return " ".join(re.findall(r"[a-z0-9]+", letters.encode("ascii", "ignore").decode()))


@cache
def _synonyms() -> Mapping[str, str]:
    return {_plain(name): ours for ours, names in peers()[TABLE].headings.items() for name in (ours, *names)}


def proposed(header: Sequence[str]) -> dict[str, str]:
    """Propose a field for each heading; what is not recognised is kept as a fact, and a field is given out once."""
    taken: set[str] = set()
    found: dict[str, str] = {}
    for heading in header:
        field = _synonyms().get(_plain(heading), FACT)
        if field in taken and field not in SEVERAL:
            field = FACT
        taken.add(field)
        found[heading] = field
    return found


def peer_of_columns(columns: Mapping[str, str], day_first: bool = True) -> Peer:
    """Make a reader for a table from a choice of field for each heading."""
    chosen: dict[str, list[str]] = {}
    for heading, field in columns.items():
        chosen.setdefault(field, []).append(heading)
    fields = {
        field: Take(all=tuple(headings)) if field in SEVERAL else Take(first=tuple(headings))
        for field, headings in chosen.items()
        if field not in (FACT, NOTHING)
    }
    record = Record(
        name="row",
        fields=fields,
        facts={heading: heading for heading in chosen.get(FACT, ())},
        known=tuple(chosen.get(NOTHING, ())),
    )
    return peers()[TABLE].model_copy(update={"records": (record,), "day_first": day_first})
