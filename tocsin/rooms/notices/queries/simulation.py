"""The routing simulator: who would be told of something, if it happened now or then."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime

from tocsin.rooms.constituency import queries as constituency
from tocsin.rooms.notices.knowledge import routes
from tocsin.rooms.notices.queries.directory import Place, directory
from tocsin.rooms.notices.queries.routing import Routed, resolve


@dataclass(frozen=True, slots=True)
class Simulated:
    """One organisation that a value leads to, and whom the route of the case reaches there."""

    place: Place
    held_as: str
    routed: Routed


def simulate(value: str, *, kind: str, severity: int, at: datetime, within: Collection[str]) -> tuple[Simulated, ...]:
    """Say who would be told: ``value`` is an address, a name, a mail address, a URL or the code of an organisation."""
    known = directory()
    return tuple(
        Simulated(known.places[code], held_as, resolve(kind, severity, known.places[code], at, known, routes()))
        for code, held_as in _owners(value, at)
        if code in within and code in known.places
    )


def _owners(value: str, at: datetime) -> Iterator[tuple[str, str]]:
    if value.strip().upper() in constituency.codes():
        yield value.strip().upper(), ""
        return
    for match in constituency.ownership().whose(value, at):
        if match.wins:
            yield match.asset.organisation, match.asset.value
