"""An institution as the exercise plays it: its machines, its people, its logs."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Sequence
from dataclasses import dataclass

from tocsin.exercise.names import login_name, names
from tocsin.exercise.party import Network, Party, seeded

WORKSTATIONS = 40


@dataclass(frozen=True, slots=True)
class Host:
    """Describe one machine."""

    short: str
    name: str
    ip: str
    guid: str
    server: bool


@dataclass(frozen=True, slots=True)
class Person:
    """Describe one invented member of staff and the machine they work at."""

    name: str
    login: str
    mail: str
    sid: str
    host: Host


@dataclass(frozen=True, slots=True)
class House:
    """Describe one institution of the cast."""

    role: str
    code: str
    title: str
    domain: str
    nt: str
    sid: str
    logs: tuple[str, ...]
    workstations: tuple[Host, ...]
    windows_servers: tuple[Host, ...]
    linux_servers: tuple[Host, ...]
    people: tuple[Person, ...]
    admins: tuple[Person, ...]
    visitors: tuple[str, ...]
    sites: tuple[tuple[str, str], ...]

    @property
    def controller(self) -> Host:
        return self.windows_servers[0]

    @property
    def web(self) -> Host:
        return self.linux_servers[0]


WINDOWS_SERVERS = ("dc01", "fs01", "app01", "sql01")
LINUX_SERVERS = ("web01", "db01", "backup01", "gate01")


def _host(party: Party, short: str, ip: str, *, server: bool) -> Host:
    prefix = party.code.lower().replace("_", "-").replace(".", "-")
    name = f"{prefix}-{short}.{party.domains[0]}"
    return Host(f"{prefix}-{short}", name, ip, hashlib.sha256(name.encode()).hexdigest()[:8], server)


def _people(party: Party, hosts: Sequence[Host], sid: str, rng: random.Random) -> list[Person]:
    taken: dict[str, str] = {}
    while len(taken) < len(hosts):
        first, last = rng.choice(names()["first"]), rng.choice(names()["last"])
        taken.setdefault(login_name(first, last), f"{first} {last}")
    return [
        Person(name, login, f"{name.lower().replace(' ', '.')}@{party.domains[0]}", f"{sid}-{1104 + row}", host)
        for row, ((login, name), host) in enumerate(zip(taken.items(), hosts, strict=True))
    ]


def build_house(
    party: Party,
    net: Network,
    *,
    role: str,
    logs: Sequence[str],
    seed: int,
    visitors: Sequence[str],
    sites: Sequence[tuple[str, str]],
) -> House:
    """Furnish one institution with machines and people out of its own prefix and domain."""
    rng = seeded(seed, "house", party.code)
    servers = len(WINDOWS_SERVERS) + len(LINUX_SERVERS)
    count = min(WORKSTATIONS, net.num_addresses - 2 - servers)
    ips = [str(net[row]) for row in range(1, 1 + servers + count)]
    windows = [_host(party, short, ip, server=True) for short, ip in zip(WINDOWS_SERVERS, ips, strict=False)]
    linux = [_host(party, short, ip, server=True) for short, ip in zip(LINUX_SERVERS, ips[4:], strict=False)]
    desks = [_host(party, f"ws{row + 1:03d}", ips[servers + row], server=False) for row in range(count)]
    sid = "S-1-5-21-" + "-".join(str(rng.randrange(10**8, 4 * 10**9)) for _ in range(3))
    people = _people(party, desks, sid, rng)
    return House(
        role,
        party.code,
        party.name,
        party.domains[0],
        party.code.upper().replace(".", "-")[:15],
        sid,
        tuple(logs),
        tuple(desks),
        tuple(windows),
        tuple(linux),
        tuple(people[2:]),
        tuple(people[:2]),
        tuple(visitors),
        tuple(sites),
    )
