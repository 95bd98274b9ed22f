"""Who claims a value, how firmly, and how that changes with time."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from enum import IntEnum
from typing import NamedTuple

from tocsin.pipeline.enrich.asset import BEGINNING, END, Asset


class Grade(IntEnum):
    """How closely a claim fits: a range holds many machines, a name few, an exact entry one."""

    RANGE = 1
    NAME = 2
    MACHINE = 3


class Claim(NamedTuple):
    """The organisations that own a value, sorted, and how closely their entry fits it."""

    grade: Grade
    owners: tuple[str, ...]


class Level(NamedTuple):
    """Assets that fit a value equally well. Levels come most specific first."""

    grade: Grade
    assets: Sequence[Asset]


NOBODY = Claim(Grade.RANGE, ())


class Claims:
    """Number each distinct claim, so that columns hold small integers; 0 is nobody."""

    def __init__(self) -> None:
        self.items: list[Claim] = [NOBODY]
        self._numbers: dict[Claim, int] = {NOBODY: 0}

    def number(self, claim: Claim) -> int:
        """Give the number of a claim, the same one each time."""
        if not claim.owners:
            return 0
        number = self._numbers.setdefault(claim, len(self.items))
        if number == len(self.items):
            self.items.append(claim)
        return number

    def union(self, numbers: Iterable[int]) -> int:
        """Give the number of all these claims taken together."""
        claims = [self.items[number] for number in numbers if number]
        if not claims:
            return 0
        owners = {owner for claim in claims for owner in claim.owners}
        return self.number(Claim(max(claim.grade for claim in claims), tuple(sorted(owners))))


class Timeline:
    """The claim on one value over time: constant between the moments in ``starts``."""

    __slots__ = ("numbers", "starts")

    def __init__(self, starts: Sequence[int], at: Callable[[int], int]) -> None:
        kept: list[int] = []
        numbers: list[int] = []
        for start in starts:
            number = at(start)
            if not numbers or number != numbers[-1]:
                kept.append(start)
                numbers.append(number)
        self.starts = kept[1:]
        self.numbers = numbers

    def at(self, moment: int) -> int:
        """Give the number of the claim that stands at a moment."""
        return self.numbers[bisect_right(self.starts, moment)]

    def between(self, first: int, last: int) -> int:
        """Give the number of the claim that stands from first to last, or -1 when it changes meanwhile."""
        low = bisect_right(self.starts, first)
        return self.numbers[low] if low == bisect_right(self.starts, last) else -1


def timeline(levels: Sequence[Level], claims: Claims) -> Timeline:
    """Work out who owns a value at which time: the first level with a valid asset wins."""
    spans = [
        (*asset.interval(), level.grade, asset.organisation, depth)
        for depth, level in enumerate(levels)
        for asset in level.assets
    ]

    def at(moment: int) -> int:
        standing = [span for span in spans if span[0] <= moment < span[1]]
        if not standing:
            return 0
        best = standing[0][4]
        owners = {span[3] for span in standing if span[4] == best}
        return claims.number(Claim(standing[0][2], tuple(sorted(owners))))

    return Timeline(_moments(edge for span in spans for edge in span[:2]), at)


def together(timelines: Sequence[Timeline], claims: Claims) -> Timeline:
    """Join the timelines of several values that stand in one cell, such as recipients of one message."""
    moments = _moments(start for line in timelines for start in line.starts)
    return Timeline(moments, lambda moment: claims.union(line.at(moment) for line in timelines))


def _moments(edges: Iterable[int]) -> list[int]:
    return sorted({BEGINNING, *edges} - {END})
