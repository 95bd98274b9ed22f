"""How long the board, the list by what is due, the times and the desk take over HTTP at 100,000 incidents."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench._serving import free_port, on_each, served, signed_in, timed

ROUNDS = 40
CEILING_MS = 50.0
PAGES = {
    "pages.board.p95_ms": ("/incidents/board/", "/incidents/board/?sort=age", "/incidents/board/?owner=none",
                           "/incidents/board/?due=late", "/incidents/board/?team=mine"),
    "pages.incidents_due.p95_ms": ("/incidents/?sort=due", "/incidents/?due=late&sort=due", "/incidents/?due=soon"),
    "pages.desk_due.p95_ms": ("/",),
    "pages.times.p95_ms": ("/incidents/times/",),
}  # fmt: skip
UNBOUNDED = {"pages.times.p95_ms"}  # ranks all of three months: no list


def measure() -> list[dict[str, Any]]:
    """Measure on every database there is."""
    return on_each(_on)


def _on(database: str, url: str) -> list[dict[str, Any]]:
    with tempfile.TemporaryDirectory(prefix="tocsin-bench-") as home:
        port = free_port()
        environment = {**os.environ, "TOCSIN_HOME": home, "DATABASE_URL": url, "TOCSIN_PORT": str(port)}
        subprocess.run([sys.executable, "-m", "bench._levels"], env=environment, check=True)
        people = json.loads((Path(home) / "bench-levels.json").read_text())
        with served(environment, port) as base:
            return list(_figures(base, people, database))


def _figures(base: str, people: list[dict[str, Any]], database: str) -> Iterator[dict[str, Any]]:
    sessions = {person["username"]: signed_in(base, person) for person in people}
    for name, addresses in PAGES.items():
        slowest: tuple[float, str] = (0.0, "")
        medians: list[float] = []
        for username, session in sessions.items():
            for address in addresses:
                if "/board/" in address and username == "bench.officer":
                    continue
                timed(session, base + address)  # the first one warms the connection
                took = [timed(session, base + address)[0] for _ in range(ROUNDS)]
                medians.append(statistics.median(took))
                slowest = max(slowest, (statistics.quantiles(took, n=20)[-1], f"{address} as {username}"))
        yield {
            "name": name,
            "value": slowest[0],
            "unit": "ms",
            "floor": None,
            "ceiling": None if name in UNBOUNDED else CEILING_MS,
            "yardstick": f"{slowest[1]}; medians {min(medians):.1f} to {max(medians):.1f} ms",
            "database": database,
        }
