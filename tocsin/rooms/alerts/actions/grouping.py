"""How hits become groups: per rule, organisation, subject and window of time. Nothing here knows the database."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from tocsin.pipeline.engines.chunk import EventHit

KEPT = 10  # raw lines of the first and as many of the last hits
RAW_LIMIT = 64 * 1024  # of one raw line; the lake has all of it
UNATTRIBUTED = ""


class Concern(NamedTuple):
    """One hit as one organisation's: ``organisation`` is its code, empty when nobody's."""

    hit: EventHit
    organisation: str

    @property
    def time(self) -> datetime:
        return self.hit.time

    @property
    def identity(self) -> tuple[int, str, str, str]:
        """Give what makes it the same hit when it comes again from the same receipt."""
        return self.hit.record, self.hit.rule.id, self.hit.rule.version, self.organisation


class Spot(NamedTuple):
    """Where a raw line stands: in time, then in its receipt."""

    time: datetime
    receipt: int
    record: int


@dataclass(slots=True)
class Group:
    """New hits that belong to one alert."""

    key: str
    window: datetime
    concerns: list[Concern] = field(default_factory=list)

    @property
    def head(self) -> EventHit:
        """Give the hit that names the group."""
        return self.concerns[0].hit

    @property
    def first_seen(self) -> datetime:
        return min(c.time for c in self.concerns)

    @property
    def last_seen(self) -> datetime:
        return max(c.time for c in self.concerns)

    def raw_lines(self, receipt: int) -> dict[Spot, bytes]:
        """Give the raw lines of the first and the last hits."""
        lines = {Spot(c.time, receipt, c.hit.record): c.hit.raw for c in self.concerns}
        return {spot: lines[spot][:RAW_LIMIT] for spot in kept(lines)}


def kept(spots: Iterable[Spot]) -> set[Spot]:
    """Choose the spots to keep: the first and the last, in time. The order of arrival changes nothing."""
    ordered = sorted(set(spots))
    return {*ordered[:KEPT], *ordered[-KEPT:]}


def window_of(time: datetime) -> datetime:
    """Give the start of the window: the day in UTC."""
    return time.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def key_of(rule: str, organisation: str, subject_kind: str, subject: str, window: datetime) -> str:
    """Give the digest that all hits of one group share."""
    parts = (rule, organisation, subject_kind, subject, window.isoformat())
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def concerns(hits: Iterable[EventHit], known: Mapping[str, object]) -> list[Concern]:
    """Turn hits into one concern an organisation; a code that is not in ``known`` is nobody's."""
    found: dict[tuple[int, str, str, str], Concern] = {}
    for hit in hits:
        for organisation in [code for code in hit.organisations if code in known] or [UNATTRIBUTED]:
            concern = Concern(hit, organisation)
            found.setdefault(concern.identity, concern)
    return list(found.values())


def groups(given: Iterable[Concern]) -> dict[str, Group]:
    """Put concerns into groups by key, keys in order."""
    found: dict[str, Group] = {}
    keys: dict[tuple[str, str, str, str, datetime], str] = {}
    for concern in given:
        hit, window = concern.hit, window_of(concern.time)
        parts = (hit.rule.id, concern.organisation, hit.subject_kind, hit.subject, window)
        key = keys.get(parts) or keys.setdefault(parts, key_of(*parts))
        if key not in found:
            found[key] = Group(key, window)
        found[key].concerns.append(concern)
    return dict(sorted(found.items()))
