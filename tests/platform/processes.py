"""Real processes of Tocsin, started and watched by tests."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg


def free_port() -> int:
    """Find a port nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def environment(home: Path, **more: str) -> dict[str, str]:
    """Give an environment whose data is in ``home``, in a database of its own."""
    return {**os.environ, "TOCSIN_HOME": str(home), "DATABASE_URL": "", "TOCSIN_SMTP_URL": "", **more}


def tocsin(home: Path, *arguments: str, given: str = "", **more: str) -> subprocess.CompletedProcess[str]:
    """Run one command to its end."""
    command = [sys.executable, "-m", "tocsin", *arguments]
    return subprocess.run(
        command, env=environment(home, **more), input=given, capture_output=True, text=True, check=False, timeout=120
    )


@contextmanager
def running(command: Sequence[str], home: Path, **more: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a process meanwhile; its output goes to ``home``/output."""
    with (home / "output").open("wb") as output:
        process = subprocess.Popen(command, env=environment(home, **more), stdout=output, stderr=output)
        try:
            yield process
        finally:
            everyone = descendants(process.pid)
            process.kill()
            process.wait()
            for pid in everyone:
                with suppress(ProcessLookupError):
                    os.kill(pid, 9)


def eventually(condition: Callable[[], object], what: str, seconds: float = 60) -> None:
    """Wait until ``condition`` holds."""
    limit = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < limit, f"never: {what}"
        time.sleep(0.1)


def descendants(pid: int) -> list[int]:
    """Give the processes below ``pid``, children before grandchildren."""
    parents = {int(path.name): _parent(path) for path in Path("/proc").glob("[0-9]*")}
    found: list[int] = []
    level = [pid]
    while level:
        level = [child for child, parent in parents.items() if parent in level]
        found += level
    return found


def _parent(path: Path) -> int:
    try:
        state, parent = (path / "stat").read_text().rpartition(")")[2].split()[:2]
    except OSError:
        return 0
    return 0 if state == "Z" else int(parent)


def command_line(pid: int) -> str:
    """Give how a process was started; nothing when it is gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    except OSError:
        return ""


def resident(pids: Sequence[int]) -> int:
    """Give the memory of processes in MB, what they share counted for each."""
    pages = (Path(f"/proc/{pid}/statm").read_text().split()[1] for pid in pids)
    return sum(int(count) for count in pages) * os.sysconf("SC_PAGE_SIZE") // 2**20


@contextmanager
def fresh_database(purpose: str) -> Iterator[str]:
    """Give a database of its own: PostgreSQL when the suite runs on it, else (empty) an SQLite file in the home."""
    server = os.environ.get("DATABASE_URL", "")
    if not server.startswith("postgres"):
        yield ""
        return
    name = f"tocsin_{purpose}_{os.getpid()}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    yield f"{server.rsplit('/', 1)[0]}/{name}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
