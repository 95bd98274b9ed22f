"""Keep the processes of one machine running: a child that dies is started again, and all end together.

`python -m tocsin.platform.supervisor web worker` is what `tocsin up` turns into once the database is ready: a process
that has loaded next to nothing.
"""

from __future__ import annotations

import ctypes
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from tocsin.config import Config, ConfigError, load

logger = logging.getLogger(__name__)

LOOK_EVERY = 0.25
GRACE = 20.0
LONGEST_WAIT = 30.0
STEADY = 60.0  # who ran this long is started again at once
PR_SET_PDEATHSIG = 1

WEB_THREADS = 4


def web(settings: Config) -> list[str]:
    """Give the command of the web process."""
    return [
        *(sys.executable, "-m", "granian", "--interface", "wsgi", "--workers", "1", "--no-ws"),
        *("--host", settings.tocsin_listen, "--port", str(settings.port)),
        *("--blocking-threads", str(WEB_THREADS), "--respawn-failed-workers", "--workers-kill-timeout", "10"),
        *("--log-level", "warning", "tocsin.platform.wsgi:application"),
    ]


def worker(_settings: Config) -> list[str]:
    """Give the command of the process of background work."""
    return [sys.executable, "-m", "tocsin.platform.worker"]


PROCESSES: dict[str, Callable[[Config], list[str]]] = {"web": web, "worker": worker}


@dataclass(slots=True)
class Child:
    """One process that is to run always."""

    name: str
    command: Sequence[str]
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    wait: float = 0.0
    due: float = 0.0
    starts: int = field(default=0)

    def start(self) -> None:
        """Start it in a session of its own, so that a Ctrl-C reaches the supervisor alone."""
        self.process = subprocess.Popen(self.command, start_new_session=True, preexec_fn=_die_with_parent)  # noqa: PLW1509  # no threads here
        self.started = time.monotonic()
        self.starts += 1

    def look(self) -> None:
        """Start it again if it died, a little later each time it dies at once."""
        now = time.monotonic()
        if self.process is not None and self.process.poll() is not None:
            self.signal(signal.SIGKILL)  # what it left behind
            self.wait = 0.0 if now - self.started > STEADY else min(max(1.0, 2 * self.wait), LONGEST_WAIT)
            self.due = now + self.wait
            logger.warning(
                "%s ended with status %s; it starts again in %.0f s", self.name, self.process.returncode, self.wait
            )
            self.process = None
        if self.process is None and now >= self.due:
            self.start()

    def signal(self, number: int) -> None:
        """Send a signal to it and all its own children."""
        if self.process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, number)

    def running(self) -> bool:
        """Tell whether it has not ended yet."""
        return self.process is not None and self.process.poll() is None


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


class Supervisor:
    """Runs children until SIGTERM or SIGINT."""

    def __init__(self, children: Sequence[Child]) -> None:
        self.children = children
        self._stop = threading.Event()

    def run(self, ready: Callable[[], bool]) -> None:
        """Start all and look after them; ``ready`` is asked until it says yes."""
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, lambda *_: self._stop.set())
        known = False
        try:
            while not self._stop.is_set():
                for child in self.children:
                    child.look()
                known = known or ready()
                self._stop.wait(LOOK_EVERY)
        finally:
            self.end()

    def end(self) -> None:
        """End all: ask first, insist after a while."""
        for child in self.children:
            child.signal(signal.SIGTERM)
        limit = time.monotonic() + GRACE
        while any(child.running() for child in self.children) and time.monotonic() < limit:
            time.sleep(0.05)
        for child in self.children:
            child.signal(signal.SIGKILL)
            if child.process is not None:
                child.process.wait()


def check_port(settings: Config) -> None:
    """Say clearly that the port cannot be used, before a child fails on it again and again."""
    family = socket.AF_INET6 if ":" in settings.tocsin_listen else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.tocsin_listen, settings.port))
        except OSError as error:
            where = f"{settings.tocsin_listen} port {settings.port}"
            raise ConfigError(f"{where}: {error.strerror}; set TOCSIN_PORT or TOCSIN_LISTEN to another") from error


def answers(settings: Config) -> bool:
    """Tell whether somebody listens at the port."""
    with suppress(OSError), socket.create_connection((settings.tocsin_listen, settings.port), timeout=1):
        return True
    return False


def _announced(settings: Config) -> bool:
    if not answers(settings):
        return False
    sys.stdout.write(f"Tocsin is at {settings.url}  (Ctrl-C ends it)\n")
    sys.stdout.flush()
    return True


def main(names: Sequence[str]) -> None:
    """Run the processes of these names."""
    settings = load()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    children = [Child(name, PROCESSES[name](settings)) for name in names]
    Supervisor(children).run(lambda: "web" not in names or _announced(settings))


if __name__ == "__main__":
    main(sys.argv[1:])
