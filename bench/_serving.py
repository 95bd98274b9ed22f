"""A house that runs for a measurement, and a person who reads its pages."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import requests

FILLED = "bench-people.json"
SETTLING = 5.0  # until the worker has loaded, which for a few seconds takes one of two cores


def on_each(measure: Callable[[str, str], list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """Measure on SQLite and, where TOCSIN_TEST_POSTGRESQL names a server, on PostgreSQL."""
    results = measure("sqlite", "")
    server = os.environ.get("TOCSIN_TEST_POSTGRESQL", "")
    if server:
        with _database(server) as url:
            results += measure("postgresql", url)
    return results


def _database(server: str) -> AbstractContextManager[str]:
    if os.environ.get("TOCSIN_BENCH_KEEP"):
        return nullcontext(server)
    return fresh_database(server)


@contextmanager
def fresh_database(server: str) -> Iterator[str]:
    """Make a database on the server and drop it afterwards."""
    import psycopg

    name = f"tocsin_bench_{os.getpid()}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    try:
        yield urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
    finally:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def free_port() -> int:
    """Give a port nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextmanager
def served(environment: dict[str, str], port: int) -> Iterator[str]:
    """Run `tocsin up` and give its address."""
    child = subprocess.Popen(
        [sys.executable, "-m", "tocsin", "up"], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    base = f"http://127.0.0.1:{port}"
    try:
        for _ in range(300):
            try:
                requests.get(f"{base}/account/sign-in/", timeout=5)
                break
            except requests.ConnectionError:
                time.sleep(0.1)
        time.sleep(SETTLING)
        yield base
    finally:
        child.send_signal(signal.SIGTERM)
        child.wait(120)  # what a job has begun, it ends


@contextmanager
def filled(
    url: str, before: Callable[[dict[str, str]], None] = lambda _environment: None
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Fill a database by `bench._fill`, serve it, and give its address and what was told of it.

    ``before`` is called with the environment of the house before it is served.
    With TOCSIN_BENCH_KEEP a folder, what was filled stays there for the next measurement.
    """
    kept = os.environ.get("TOCSIN_BENCH_KEEP", "")
    with tempfile.TemporaryDirectory(prefix="tocsin-bench-") as fresh:
        home = Path(kept) / ("postgresql" if url else "sqlite") if kept else Path(fresh)
        port = free_port()
        environment = {**os.environ, "TOCSIN_HOME": str(home), "DATABASE_URL": url, "TOCSIN_PORT": str(port)}
        if not (home / FILLED).exists():
            subprocess.run([sys.executable, "-m", "bench._fill"], env=environment, check=True)
        before(environment)
        with served(environment, port) as base:
            yield base, json.loads((home / FILLED).read_text()) | {"home": str(home)}


def signed_in(base: str, person: dict[str, str]) -> requests.Session:
    """Sign a person in."""
    session = requests.Session()
    form = session.get(f"{base}/account/sign-in/", timeout=20)
    token = next(value for name, value in session.cookies.items() if name.startswith("csrf"))
    answer = session.post(
        form.url,
        data={"login": person["username"], "password": person["password"], "csrfmiddlewaretoken": token},
        headers={"Referer": form.url},
        timeout=20,
    )
    assert answer.url == f"{base}/", f"{person['username']} could not sign in: {answer.url}"
    return session


def timed(session: requests.Session, url: str) -> tuple[float, requests.Response]:
    """Give how many milliseconds a page took, and the page."""
    start = time.perf_counter()
    answer = session.get(url, timeout=20)
    took = (time.perf_counter() - start) * 1000
    assert answer.status_code == 200, f"{answer.url}: {answer.status_code}"
    return took, answer
