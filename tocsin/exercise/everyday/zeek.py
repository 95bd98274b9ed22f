"""Ordinary traffic as a Zeek sensor at an institution's edge sees it."""

from __future__ import annotations

import random
from collections.abc import Iterator
from ipaddress import ip_address

from tocsin.exercise.clock import Clock
from tocsin.exercise.events import Content, zeek_conn, zeek_dns, zeek_http
from tocsin.exercise.everyday.catalogue import catalogue
from tocsin.exercise.house import House
from tocsin.exercise.names import names

SERVICES = ((443, "ssl"), (443, "ssl"), (443, "ssl"), (80, "http"), (123, "ntp"), (993, "ssl"))


def _question(house: House, rng: random.Random, client: str) -> tuple[str, str, str]:
    """Draw a query with its type and answer; some look odd though they are not."""
    name, ip = rng.choice(house.sites)
    pick = rng.random()
    if pick < 0.55:
        return name, "A", ip
    if pick < 0.70:
        return name, rng.choice(("AAAA", "HTTPS")), "-"
    if pick < 0.86:
        return f"{rng.choice(names()['machines'])}.{house.domain}", "A", house.controller.ip
    if pick < 0.92:
        return ip_address(client).reverse_pointer, "PTR", "-"
    if pick < 0.95:
        return f"e{rng.randrange(1000, 9999)}.dscb.edge-{rng.getrandbits(48):012x}.streamhall.example", "A", ip
    if pick < 0.97:
        return f"{rng.getrandbits(128):032x}.lookup.guardian.example", "A", ip
    if pick < 0.99:
        return house.domain, rng.choice(("MX", "TXT", "NS")), f"mail.{house.domain}"
    return f"_ldap._tcp.dc._msdcs.{house.domain}", "SRV", house.controller.name


def everyday_dns(house: House, clock: Clock, rng: random.Random, count: int) -> Iterator[tuple[int, Content]]:
    """Yield ``count`` rows of dns.log with their moments."""
    for profile, share in (("office", 0.8), ("steady", 0.2)):
        for moment in clock.moments(rng, int(count * share), profile):
            client = rng.choice(house.workstations).ip
            query, qtype, answer = _question(house, rng, client)
            yield moment, zeek_dns(rng, client, house.controller.ip, query, qtype, answer, rng.choice((60, 300, 3600)))


def everyday_conn(house: House, clock: Clock, rng: random.Random, count: int) -> Iterator[tuple[int, Content]]:
    """Yield ``count`` rows of conn.log with their moments."""
    for profile, share in (("office", 0.85), ("night", 0.15)):
        for moment in clock.moments(rng, int(count * share), profile):
            port, service = rng.choice(SERVICES)
            _, ip = rng.choice(house.sites)
            sent, received = rng.randrange(200, 9_000), rng.randrange(400, 900_000)
            yield moment, zeek_conn(rng, rng.choice(house.workstations).ip, ip, port, service, sent, received)


def everyday_http(house: House, clock: Clock, rng: random.Random, count: int) -> Iterator[tuple[int, Content]]:
    """Yield ``count`` rows of http.log with their moments."""
    for moment in clock.moments(rng, count, "office"):
        name, ip = rng.choice(house.sites)
        (agent,) = catalogue()["agents"].draw(rng)
        hit = {
            "method": "GET",
            "host": name,
            "uri": f"/objects/{rng.randrange(1, 5000)}",
            "agent": agent,
            "bytes": rng.randrange(100, 90_000),
            "status": 200 if rng.random() < 0.96 else 404,
            "type": rng.choice(("text/html", "image/png", "application/ocsp-response")),
        }
        yield moment, zeek_http(rng, rng.choice(house.workstations).ip, ip, hit)
