"""Prefixes as a flat table of ranges: one bisection finds all that hold an address, longest first."""

from __future__ import annotations

import socket
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import NamedTuple

from tocsin.pipeline.enrich.asset import Asset, AssetError
from tocsin.pipeline.enrich.claim import Claims, Grade, Level, Timeline, timeline

MAPPED = 0xFFFF  # RFC 4291, 2.5.5.2: ::ffff:a.b.c.d stands for a.b.c.d


class Address(NamedTuple):
    """An address as a number, with its version."""

    version: int
    number: int


class _Network(NamedTuple):
    start: int
    end: int
    level: Level


def address(value: str) -> Address | None:
    """Read an IPv4 or IPv6 address; an IPv4 address written as IPv6 counts as IPv4."""
    try:
        if ":" not in value:
            return Address(4, int.from_bytes(socket.inet_pton(socket.AF_INET, value), "big"))
        number = int.from_bytes(socket.inet_pton(socket.AF_INET6, value.partition("%")[0]), "big")
    except (OSError, ValueError):
        return None
    return Address(4, number & 0xFFFFFFFF) if number >> 32 == MAPPED else Address(6, number)


def network(asset: Asset) -> IPv4Network | IPv6Network:
    """Read an asset's prefix; refuse one with host bits set."""
    try:
        return ip_network(asset.value)
    except ValueError as error:
        raise AssetError(f"{asset.organisation}: {error}") from error


class PrefixTable:
    """Answer who holds an address, for one version of IP."""

    def __init__(self, assets: Iterable[Asset], version: int, claims: Claims) -> None:
        self.starts: list[int] = []
        self.levels: list[tuple[Level, ...]] = []
        self._sweep(_networks(assets, version))
        self.nobody = timeline((), claims)
        self.timelines = [timeline(levels, claims) for levels in self.levels]

    def timeline(self, number: int) -> Timeline:
        """Give the claims on an address over time."""
        place = bisect_right(self.starts, number)
        return self.timelines[place - 1] if place else self.nobody

    def around(self, number: int) -> tuple[Level, ...]:
        """Give the levels of prefixes that hold an address, longest first."""
        place = bisect_right(self.starts, number)
        return self.levels[place - 1] if place else ()

    def _sweep(self, networks: Sequence[_Network]) -> None:
        """Cut nested networks into ranges that do not overlap; prefixes nest and never cross."""
        stack: list[_Network] = []
        for item in networks:
            self._close(stack, item.start)
            stack.append(item)
            self._cut(item.start, stack)
        self._close(stack, 1 << 128)

    def _close(self, stack: list[_Network], position: int) -> None:
        while stack and stack[-1].end <= position:
            self._cut(stack.pop().end, stack)

    def _cut(self, position: int, stack: Sequence[_Network]) -> None:
        levels = tuple(item.level for item in reversed(stack))
        if self.starts and self.starts[-1] == position:
            self.levels[-1] = levels
            return
        self.starts.append(position)
        self.levels.append(levels)


def _networks(assets: Iterable[Asset], version: int) -> list[_Network]:
    held: dict[IPv4Network | IPv6Network, list[Asset]] = defaultdict(list)
    for asset in assets:
        held[network(asset)].append(asset)
    found = [
        _Network(int(net.network_address), int(net.broadcast_address) + 1, Level(_grade(net), tuple(held[net])))
        for net in held
        if net.version == version
    ]
    return sorted(found, key=lambda item: (item.start, -item.end))


def _grade(net: IPv4Network | IPv6Network) -> Grade:
    return Grade.MACHINE if net.prefixlen == net.max_prefixlen else Grade.RANGE
