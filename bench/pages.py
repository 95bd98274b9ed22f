"""How long pages take over HTTP at a million alerts and 100,000 incidents, for an officer of one organisation and an
analyst of twelve, on SQLite and (where TOCSIN_TEST_POSTGRESQL names a server) on PostgreSQL."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from typing import Any

import requests

from bench._serving import filled, on_each, signed_in, timed

ROUNDS = 60
DEEP = 20  # pages followed by their "next" link
CEILING_MS = 50.0
CEILINGS_MS = {"pages.incident.p95_ms": 60.0, "pages.create.p95_ms": 40.0}


def measure() -> list[dict[str, Any]]:
    """Measure on every database there is."""
    return on_each(_on)


def _on(database: str, url: str) -> list[dict[str, Any]]:
    with filled(url) as (base, told):
        return list(_figures(base, told["people"], database))


def _figures(base: str, people: list[dict[str, Any]], database: str) -> Iterator[dict[str, Any]]:
    timings: dict[str, list[float]] = {}
    for person in people:
        session = signed_in(base, person)
        timings.setdefault("pages.alerts.p95_ms", []).extend(_list(session, f"{base}/alerts/"))
        timings.setdefault("pages.incidents.p95_ms", []).extend(_list(session, f"{base}/incidents/"))
        for piece in ("/", "/desk/figures/", "/desk/rest/", "/desk/rest/?from=12"):
            timings.setdefault("pages.desk.p95_ms", []).extend(_repeated(session, base + piece, 20))
        for uuid in person["incidents"]:
            taken, _answer = timed(session, f"{base}/incidents/{uuid}/")
            timings.setdefault("pages.incident.p95_ms", []).append(taken)
            if person["may_open"]:
                taken, _answer = timed(session, f"{base}/incidents/{uuid}/similar/")
                timings.setdefault("pages.similar.p95_ms", []).append(taken)
        if person["may_open"]:
            timings["pages.create.p95_ms"] = _create(session, base, person)
    for name, values in timings.items():
        yield {
            "name": name,
            "value": statistics.quantiles(values, n=20)[-1],
            "unit": "ms",
            "floor": None,
            "ceiling": CEILINGS_MS.get(name, CEILING_MS),
            "yardstick": f"median {statistics.median(values):.1f} ms of {len(values)}",
            "database": database,
        }


def _repeated(session: requests.Session, url: str, times: int) -> list[float]:
    timed(session, url)  # the first one warms the connection
    return [timed(session, url)[0] for _ in range(times)]


def _list(session: requests.Session, url: str) -> list[float]:
    took = _repeated(session, url, ROUNDS)
    at: str | None = url
    for _ in range(DEEP):
        if at is None:
            break
        taken, answer = timed(session, at)
        took.append(taken)
        after = _next_link(answer.text)
        at = url + after if after else None
    return took


def _next_link(html: str) -> str | None:
    import re

    found = re.search(r'<a[^>]*rel="next"[^>]*href="([^"]+)"|<a[^>]*href="([^"]+)"[^>]*rel="next"', html)
    return (found[1] or found[2]).replace("&amp;", "&") if found else None


def _create(session: requests.Session, base: str, person: dict[str, Any]) -> list[float]:
    took = []
    for number in range(ROUNDS):
        token = next(value for name, value in session.cookies.items() if name.startswith("csrf"))
        form = {
            "title": f"Opened while measuring {number}",
            "organisations": person["organisations"][:1],
            "severity": "2",
            "tlp": "AMBER",
            "csrfmiddlewaretoken": token,
        }
        start = time.perf_counter()
        answer = session.post(
            f"{base}/incidents/new/", data=form, headers={"Referer": base}, timeout=20, allow_redirects=False
        )
        took.append((time.perf_counter() - start) * 1000)
        assert answer.status_code == 302, answer.text[:500]
    return took
