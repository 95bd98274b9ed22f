"""Ordinary requests to an institution's public portal, and what the Internet tries on everybody."""

from __future__ import annotations

import random
from collections.abc import Iterator

from tocsin.exercise.clock import Clock
from tocsin.exercise.events import Content, request
from tocsin.exercise.everyday.catalogue import catalogue, fill
from tocsin.exercise.house import House

NOISE = 0.035
ATTEMPTS = 10


def _visit(house: House, rng: random.Random) -> Content:
    lists = catalogue()
    (path,), (agent,) = lists["pages"].draw(rng), lists["agents"].draw(rng)
    url = fill(path, {"{n}": str(rng.randrange(1, 400))})
    status = rng.choices((200, 304, 301, 404, 500), (82, 10, 3, 4.5, 0.5))[0]
    method = "POST" if path == "/contact.php" and rng.random() < 0.5 else "GET"
    size = 0 if status == 304 else rng.randrange(300, 90_000)
    return request(rng.choice(house.visitors), method, url, status, size, agent, f"https://www.{house.domain}/en")


def _attempts(house: House, rng: random.Random) -> Iterator[tuple[int, Content]]:
    """Yield what one stranger tries within a minute or so."""
    ip, spent = rng.choice(house.visitors), 0
    for _ in range(rng.randrange(ATTEMPTS - 5, ATTEMPTS + 6)):
        method, url, status, agent = catalogue()["noise"].draw(rng)
        yield spent, request(ip, method, url, int(status), rng.randrange(150, 600), agent)
        spent += rng.randrange(200, 9_000)


def everyday(house: House, clock: Clock, rng: random.Random, count: int) -> Iterator[tuple[int, Content]]:
    """Yield about ``count`` requests with their moments."""
    for moment in clock.moments(rng, int(count * (1 - NOISE)), "public"):
        yield moment, _visit(house, rng)
    for moment in clock.moments(rng, int(count * NOISE / ATTEMPTS), "steady"):
        for delay, content in _attempts(house, rng):
            if moment + delay < clock.end:
                yield moment + delay, content
