"""A demonstration that really runs, and a browser that really looks at it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.platform.processes import fresh_database
from tests.shared import missing

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@dataclass(frozen=True, slots=True)
class Demo:
    """Where it is served, where its data lies, and who can sign in."""

    url: str
    home: Path
    accounts: dict[str, dict[str, str]]
    environment: dict[str, str]


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def wait_for(url: str, child: subprocess.Popen[bytes], seconds: float) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        assert child.poll() is None, "the demonstration ended by itself"
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.2)
    raise AssertionError(f"{url} did not answer within {seconds} s")


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """Run `tocsin demo` as a newcomer would."""
    with fresh_database("flow") as database_url, demonstrating(tmp_path_factory.mktemp("demo"), database_url) as demo:
        yield demo


@contextmanager
def demonstrating(home: Path, database_url: str, **more: str) -> Iterator[Demo]:
    """Run `tocsin demo` in a home, with ``more`` in its environment."""
    port = free_port()
    environment = {
        **{k: v for k, v in os.environ.items() if not k.startswith("TOCSIN_")},
        "TOCSIN_HOME": str(home),
        "TOCSIN_PORT": str(port),
        "DATABASE_URL": database_url,
        **more,
    }
    with (home / "demo.log").open("wb") as log:
        child = subprocess.Popen([sys.executable, "-m", "tocsin", "demo"], env=environment, stdout=log, stderr=log)
        try:
            wait_for(f"http://127.0.0.1:{port}/account/sign-in/", child, 300)
            accounts = json.loads((home / "demo-accounts.json").read_text())
            yield Demo(f"http://127.0.0.1:{port}", home, {a["username"]: a for a in accounts}, environment)
        finally:
            child.send_signal(signal.SIGTERM)
            child.wait(30)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Start the system's Chromium; for one file, since the driver's loop would give later tests a second connection."""
    if not Path(CHROMIUM).exists():
        missing("Chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=FLAGS)
        yield started
        started.close()


@pytest.fixture
def sign_in(browser: Any, demo: Demo) -> Iterator[Callable[..., Any]]:
    """Give a page of a fresh browser in which somebody has signed in."""
    contexts = []

    def signed_in(username: str, **options: Any) -> Any:
        context = browser.new_context(**{"viewport": {"width": 1400, "height": 900}, **options})
        contexts.append(context)
        page = context.new_page()
        page.goto(f"{demo.url}/account/sign-in/")
        page.fill("input[name=login]", username)
        page.fill("input[name=password]", demo.accounts[username]["password"])
        page.press("input[name=password]", "Enter")
        page.wait_for_url(f"{demo.url}/")
        return page

    yield signed_in
    for context in contexts:
        context.close()
