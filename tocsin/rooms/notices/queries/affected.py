"""Whom a list of indicators concerns: who holds what is named, and whose events name it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any

from tocsin.pipeline.lake.search import NOBODY, Sort, search
from tocsin.rooms.constituency import queries as constituency
from tocsin.rooms.intake import queries as intake
from tocsin.rooms.notices.knowledge import routes
from tocsin.rooms.notices.queries.directory import Place, directory
from tocsin.rooms.notices.queries.facts import Fact, kept
from tocsin.rooms.notices.queries.routing import Routed, resolve
from tocsin.rooms.notices.queries.values import Unread, Value, read_values

LOOK_BACK = timedelta(days=30)
KEPT = 1_000  # of what was not understood


@dataclass(frozen=True, slots=True)
class Affected:
    """Each organisation concerned with its own facts, and the values that concern nobody."""

    organisations: Mapping[str, Sequence[Fact]]
    nobody: Sequence[Value]


@dataclass(frozen=True, slots=True)
class Row:
    """One organisation in a preview: its own facts, and who would be told."""

    place: Place
    facts: Sequence[Fact]
    routed: Routed


def affected(
    values: Sequence[Value], *, at: datetime, within: Collection[str], since: datetime | None = None
) -> Affected:
    """Say whom ``values`` concern, among the organisations ``within`` (codes): by what they hold at ``at``, and by what
    was seen from ``since`` on, by default in the thirty days before."""
    facts: defaultdict[str, list[Fact]] = defaultdict(list)
    seen = {(code, fact.value): fact for code, fact in _seen(values, since or at - LOOK_BACK) if code in within}
    for code, fact in _held(values, at):
        if code in within:
            also = seen.pop((code, fact.value), None)  # what it holds and what was seen of it is one fact
            facts[code].append(replace(fact, seen=also.seen) if also else fact)
    for (code, _value), fact in seen.items():
        facts[code].append(fact)
    concerning = {fact.value for found in facts.values() for fact in found}
    return Affected(dict(sorted(facts.items())), [value for value in values if value not in concerning])


def _held(values: Iterable[Value], at: datetime) -> Iterable[tuple[str, Fact]]:
    known, users = constituency.ownership(), constituency.users_of_products(at)
    for value in values:
        if value.sort == "product":
            for name in (value.text, value.text.partition(" ")[2]):  # with its vendor, or without
                yield from ((code, Fact(value, held_as=name)) for code in users.get(name, ()))
        if value.sort in {"hash", "product"}:
            continue
        for match in known.whose(value.text, at):
            if match.wins:
                yield match.asset.organisation, Fact(value, held_as=match.asset.value)


def _seen(values: Iterable[Value], since: datetime) -> Iterable[tuple[str, Fact]]:
    wanted: defaultdict[Sort, list[str]] = defaultdict(list)
    known: dict[str, Value] = {}
    for value in values:
        if value.sort == "product":
            continue
        wanted[value.sort].append(value.text)
        known[value.text] = value
        if value.sort == "domain":
            wanted["host"].append(value.text)  # a name may be that of a machine
    for key, seen in search(intake.lake_files(since), wanted).items():
        if key.organisation != NOBODY:
            yield key.organisation, Fact(known[key.value], seen=seen)


@dataclass(frozen=True, slots=True)
class Listed:
    """What a list as people paste it says: each organisation's facts, what concerns nobody, what was not read."""

    values: Sequence[Value]
    unread: Sequence[Unread]
    nobody: Sequence[Value]
    facts: Mapping[str, Sequence[dict[str, Any]]]

    def kept(self) -> dict[str, Any]:
        """Give what a notice remembers of its list."""
        return {
            "values": [[value.sort, value.text] for value in self.values],
            "unread": [[part.line, part.text[:200]] for part in self.unread[:KEPT]],
            "nobody": len(self.nobody),
        }


def read_list(text: str, *, at: datetime, within: Collection[str]) -> Listed:
    """Read a list of indicators and say whom it concerns, among the organisations ``within``."""
    values, unread, found = _read(text, at, within)
    facts = {code: [kept(fact) for fact in own] for code, own in found.organisations.items()}
    return Listed(values, unread, found.nobody, facts)


def _read(text: str, at: datetime, within: Collection[str]) -> tuple[Sequence[Value], Sequence[Unread], Affected]:
    """Read a list; what may be the name of a machine and is nobody's was no name."""
    values, unread = read_values(text, constituency.users_of_products(at))
    found = affected(values, at=at, within=within)
    words = {value.text for value in found.nobody if value.sort == "host"}
    if not words:
        return values, unread, found
    lines = enumerate((line.partition("#")[0].strip() for line in text.splitlines()), start=1)
    more = (Unread(number, line) for number, line in lines if line.lower() in words)
    unread = tuple(sorted((*unread, *more), key=attrgetter("line")))
    known = [value for value in values if value.sort != "host" or value.text not in words]
    return known, unread, Affected(found.organisations, [each for each in found.nobody if each.sort != "host"])


def preview(text: str, *, kind: str, severity: int, at: datetime, within: Collection[str]) -> dict[str, Any]:
    """Say of a list as people paste it: whom it concerns with which facts, who would be told, and what was not read."""
    values, unread, found = _read(text, at, within)
    known = directory()
    rows = [
        Row(known.places[code], facts, resolve(kind, severity, known.places[code], at, known, routes()))
        for code, facts in found.organisations.items()
        if code in known.places
    ]
    return {
        "rows": rows,
        "unreached": [row for row in rows if not row.routed.reached],
        "values": values,
        "unread": unread,
        "nobody": found.nobody,
    }
