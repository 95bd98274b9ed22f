"""Who may take part: what the exercise needs to know of an organisation."""

from __future__ import annotations

import hashlib
import ipaddress
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

Network = ipaddress.IPv4Network

HOSTS_AT_LEAST = 28


class ExerciseError(Exception):
    """The exercise cannot be written; the message says what to change."""


@dataclass(frozen=True, slots=True)
class Party:
    """Describe one organisation of a chart: its code, and which prefixes and domains are its own."""

    code: str
    name: str
    prefixes: tuple[str, ...]
    domains: tuple[str, ...]

    def home(self, parties: Sequence[Party]) -> Network | None:
        """Give the first IPv4 prefix that is large enough for the machines and in which nobody else holds a part."""
        others = [net for party in parties if party.code != self.code for net in party.networks()]
        for net in self.networks():
            if net.num_addresses - 2 >= HOSTS_AT_LEAST and not any(other.subnet_of(net) for other in others):
                return net
        return None

    def networks(self) -> list[Network]:
        """Give the IPv4 prefixes, as the chart orders them."""
        found = [ipaddress.ip_network(prefix) for prefix in self.prefixes]
        return [net for net in found if isinstance(net, Network)]


def seeded(seed: int, *names: str) -> random.Random:
    """Give a generator of its own to each part, so that parts may be added without changing the others."""
    digest = hashlib.sha256("\0".join((str(seed), *names)).encode()).digest()
    return random.Random(int.from_bytes(digest[:8], "big"))  # noqa: S311 - must be repeatable


OUTSIDE = ("198.19.192.0/18", "198.18.0.0/15", "100.64.0.0/10", "240.0.0.0/8")


class Outside:
    """Hand out addresses of the outside world: reserved ranges that nobody in the chart owns.

    Every range set aside for documentation may belong to the constituency, so the unassigned parts of the
    benchmarking range come first, then the shared address space, then the range reserved for the future.
    """

    def __init__(self, parties: Sequence[Party]) -> None:
        self._owned = [net for party in parties for net in party.networks()]
        self._free = self._free_networks()

    def network(self) -> Network:
        """Give the next /24 that nobody owns."""
        return next(self._free)

    def _free_networks(self) -> Iterator[Network]:
        seen: list[Network] = []
        for text in OUTSIDE:
            wide = Network(text)
            for net in wide.subnets(new_prefix=24):
                if not any(net.overlaps(other) for other in self._owned) and net not in seen:
                    yield net
            seen.append(wide)
        raise ExerciseError("the chart owns every reserved range; leave a part of 198.18.0.0/15 unassigned")
