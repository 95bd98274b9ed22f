"""A house that runs for a measurement, and a person who reads its pages."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import requests

SETTLING = 5.0  # until the worker has loaded, which for a few seconds takes one of two cores


def on_each(measure: Callable[[str, str], list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """Measure on SQLite and, where TOCSIN_TEST_POSTGRESQL names a server, on PostgreSQL."""
    results = measure("sqlite", "")
    server = os.environ.get("TOCSIN_TEST_POSTGRESQL", "")
    if server:
        with fresh_database(server) as url:
            results += measure("postgresql", url)
    return results


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
        child.wait(20)


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
