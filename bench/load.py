"""Fifty people at work at once, for ten minutes (TOCSIN_LOAD_MINUTES), in a house of a million alerts and 100,000
incidents: how long they wait, and whether anything goes wrong."""

from __future__ import annotations

import json
import os
import random
import re
import statistics
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

from bench._crowd import CROWD, PEOPLE
from bench._serving import filled, on_each, signed_in

MINUTES, THINKING = 10.0, 6.0  # seconds between what one person does, on average
CEILING_MS = 200.0
INCIDENT = re.compile(r'href="(/incidents/[0-9a-f-]{36}/)')
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


@dataclass(slots=True)
class Log:
    """What all of them waited for, in milliseconds, and what went wrong."""

    waited: dict[str, list[float]] = field(default_factory=dict)
    wrong: Counter[str] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, what: str, took: float, wrong: str = "") -> None:
        """Write one request down."""
        with self.lock:
            self.waited.setdefault(what, []).append(took)
            if wrong:
                self.wrong[f"{what}: {wrong}"] += 1


@dataclass(slots=True, eq=False)
class Worker:
    """One person with a browser."""

    base: str
    session: requests.Session
    works: bool
    log: Log
    draw: random.Random

    def get(self, what: str, path: str, **more: Any) -> str:
        """Ask for a page and write down how long it took."""
        return self._asked(what, lambda: self.session.get(self.base + path, timeout=60, **more))

    def post(self, what: str, path: str, page: str, content: dict[str, Any]) -> str:
        """Send a form of a page."""
        token = TOKEN.search(page)
        given = {**content, "csrfmiddlewaretoken": token[1] if token else ""}
        headers = {"Referer": self.base + path}
        return self._asked(what, lambda: self.session.post(self.base + path, given, headers=headers, timeout=60))

    def _asked(self, what: str, ask: Callable[[], requests.Response]) -> str:
        start = time.perf_counter()
        try:
            answer = ask()
        except requests.RequestException as error:
            self.log.note(what, (time.perf_counter() - start) * 1000, type(error).__name__)
            return ""
        took = answer.elapsed.total_seconds() * 1000 + sum(e.elapsed.total_seconds() * 1000 for e in answer.history)
        self.log.note(what, took, str(answer.status_code) if answer.status_code >= 400 else "")
        return answer.text

    def desk(self) -> None:
        """Come back to the desk."""
        self.get("desk", "/")
        for piece in ("figures/", "rest/", "rest/?from=12"):
            self.get("desk", f"/desk/{piece}", headers={"HX-Request": "true"})

    def alerts(self) -> None:
        """Look at the queue."""
        self.get("list", "/alerts/")

    def incidents(self) -> None:
        """Look at the incidents."""
        self.get("list", self.draw.choice(("/incidents/", "/incidents/?state=all", "/incidents/?sort=due")))

    def incident(self) -> None:
        """Open one of them, and see what is similar to it."""
        self._opened()

    def comment(self) -> None:
        """Write something in one of them."""
        path, page = self._opened()
        if path and f'action="{path}comment/"' in page:
            content = {"text": "Looked at it once more.", "audience": "team"} if self.works else {"text": "Seen."}
            self.post("write", f"{path}comment/", page, content)

    def search(self) -> None:
        """Look for something."""
        self.get("search", f"/search/?q={self.draw.choice(WORDS)}")

    def open(self) -> None:
        """Open an incident, as on the telephone."""
        page = self.get("form", "/incidents/new/")
        self.post("write", "/incidents/new/", page, {"title": "A call", "severity": "2", "tlp": "AMBER"})

    def _opened(self) -> tuple[str, str]:
        found = INCIDENT.findall(self.get("list", "/incidents/"))
        if not found:
            return "", ""
        path: str = self.draw.choice(found)
        page = self.get("incident", path)
        if self.works:
            self.get("similar", f"{path}similar/", headers={"HX-Request": "true"})
        return path, page

    def do(self) -> None:
        """Do one thing, as people do them: look at lists most of the time, write now and then."""
        often: dict[Callable[[], None], int] = {
            self.desk: 5, self.alerts: 5, self.incidents: 5, self.incident: 6, self.search: 3, self.comment: 3
        }  # fmt: skip
        if self.works:
            often[self.open] = 1
        self.draw.choices(tuple(often), tuple(often.values()))[0]()


WORDS: list[str] = []


def measure() -> list[dict[str, Any]]:
    """Measure on every database there is."""
    return on_each(_on)


def _on(database: str, url: str) -> list[dict[str, Any]]:
    with filled(url, before=_crowd) as (base, told):
        WORDS[:] = told["words"][20:400]
        people = json.loads(Path(told["home"], CROWD).read_text())
        return _figures(_worked(base, people), database)


def _crowd(environment: dict[str, str]) -> None:
    if not Path(environment["TOCSIN_HOME"], CROWD).exists():
        subprocess.run([sys.executable, "-m", "bench._crowd"], env=environment, check=True)


def _worked(base: str, people: list[dict[str, Any]]) -> Log:
    log, until = Log(), time.monotonic() + float(os.environ.get("TOCSIN_LOAD_MINUTES", MINUTES)) * 60
    threads = [threading.Thread(target=_day, args=(base, each, log, n, until)) for n, each in enumerate(people)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return log


def _day(base: str, person: dict[str, Any], log: Log, number: int, until: float) -> None:
    draw = random.Random(number)
    time.sleep(draw.random() * THINKING * 2)  # nobody signs in at the same second
    worker = Worker(base, signed_in(base, person), person["works"], log, draw)
    while time.monotonic() < until:
        worker.do()
        time.sleep(draw.expovariate(1 / THINKING))


def _figures(log: Log, database: str) -> list[dict[str, Any]]:
    every = [took for values in log.waited.values() for took in values]
    slowest = {what: statistics.quantiles(values, n=20)[-1] for what, values in log.waited.items() if len(values) > 1}
    told = ", ".join(f"{what} {took:.0f}" for what, took in sorted(slowest.items()))
    wrong = "; ".join(f"{what} ×{times}" for what, times in log.wrong.most_common(5))
    p95 = statistics.quantiles(every, n=20)[-1]
    seen = f"{PEOPLE} people, {len(every)} requests, median {statistics.median(every):.0f} ms; p95 of {told}"
    return [
        _figure("load.p95_ms", p95, "ms", CEILING_MS, seen, database),
        _figure("load.errors", float(log.wrong.total()), "", 0.0, wrong, database),
    ]


def _figure(name: str, value: float, unit: str, ceiling: float, yardstick: str, database: str) -> dict[str, Any]:
    figure = {"name": name, "value": value, "unit": unit, "floor": None, "ceiling": ceiling}
    return figure | {"yardstick": yardstick, "database": database}
