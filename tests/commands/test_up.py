"""The whole house on one machine, for real."""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from tests.platform.processes import command_line, descendants, eventually, free_port, resident, running, tocsin

UP = [sys.executable, "-m", "tocsin", "up"]


def status(port: int) -> int:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


def one(pid: int, part: str) -> int:
    return next((child for child in descendants(pid) if part in command_line(child)), 0)


def test_it_serves_survives_kills_and_ends_as_one(tmp_path: Path) -> None:
    port = free_port()
    with running(UP, tmp_path, TOCSIN_PORT=str(port)) as process:
        eventually(lambda: "Tocsin is at" in (tmp_path / "output").read_text(), "it says where it is")
        eventually(lambda: status(port) == 200, "the sign-in page")
        eventually(lambda: leases(tmp_path), "the worker works")
        everyone = [process.pid, *descendants(process.pid)]
        print(f"resident: {resident(everyone)} MB in {len(everyone)} processes")
        assert resident(everyone) <= 600
        for part in ("tocsin.platform.worker", "granian"):
            replace(process.pid, part)
        eventually(lambda: status(port) == 200, "the sign-in page again")
        everyone = descendants(process.pid)
        process.terminate()
        assert process.wait(40) == 0
        assert [pid for pid in everyone if "tocsin" in command_line(pid)] == []
        assert status(port) == 0


def replace(pid: int, part: str) -> None:
    """Kill one process and wait until another stands in its place."""
    killed = one(pid, part)
    os.kill(killed, signal.SIGKILL)
    eventually(lambda: one(pid, part) not in {0, killed}, f"a new {part}")


def leases(home: Path) -> int:
    with sqlite3.connect(home / "tocsin.sqlite3") as database:
        return int(database.execute("SELECT count(*) FROM platform_lease").fetchone()[0])


def test_the_children_of_a_killed_supervisor_end_too(tmp_path: Path) -> None:
    with running([*UP, "--only", "worker"], tmp_path) as process:
        eventually(lambda: one(process.pid, "tocsin.platform.worker"), "the worker")
        worker = one(process.pid, "tocsin.platform.worker")
        process.kill()
        eventually(lambda: not command_line(worker), "the worker ends")


@pytest.mark.parametrize("port", ["taken", "0", "many"])
def test_a_port_that_cannot_be_used_is_a_clear_error(tmp_path: Path, port: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        given = str(taken.getsockname()[1]) if port == "taken" else port
        ended = tocsin(tmp_path, "up", TOCSIN_PORT=given)
    assert ended.returncode == 1
    assert "TOCSIN_PORT" in ended.stderr
    assert "Traceback" not in ended.stderr
