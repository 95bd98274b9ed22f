"""Children that die are started again; when the supervisor ends, so do they."""

from __future__ import annotations

import os
import signal
import socket
import sys
from pathlib import Path

import pytest

from tests.platform.processes import command_line, descendants, eventually, free_port, running
from tocsin.config import Config, ConfigError
from tocsin.platform import supervisor
from tocsin.platform.supervisor import Child

SCRIPT = """
import sys
from tocsin.platform.supervisor import Child, Supervisor
forever = [sys.executable, "-c", "import time; time.sleep(1000)"]
stubborn = [sys.executable, "-c", "import signal, time; signal.signal(15, signal.SIG_IGN); time.sleep(1000)"]
from tocsin.platform import supervisor
supervisor.GRACE = 1
Supervisor([Child("forever", forever), Child("stubborn", stubborn)]).run(lambda: True)
"""


def gone(pids: list[int]) -> bool:
    return not any("time.sleep" in command_line(pid) for pid in pids)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_all_its_children_also_those_that_do_not_listen(tmp_path: Path, number: int) -> None:
    with running([sys.executable, "-c", SCRIPT], tmp_path) as process:
        eventually(lambda: len(descendants(process.pid)) == 2, "two children")
        children = descendants(process.pid)
        eventually(lambda: all("time.sleep" in command_line(pid) for pid in children), "both run")
        process.send_signal(number)
        assert process.wait(20) == 0
        assert gone(children)


def test_it_starts_a_child_again_that_was_killed(tmp_path: Path) -> None:
    with running([sys.executable, "-c", SCRIPT], tmp_path) as process:
        eventually(lambda: len(descendants(process.pid)) == 2, "two children")
        killed = descendants(process.pid)[0]
        os.kill(killed, signal.SIGKILL)
        eventually(lambda: killed not in descendants(process.pid) and len(descendants(process.pid)) == 2, "a new one")


def test_a_child_that_dies_at_once_is_started_ever_more_slowly() -> None:
    child = Child("broken", [sys.executable, "-c", "raise SystemExit(3)"])
    waits = []
    for _ in range(3):
        child.due = 0
        child.look()
        assert child.process is not None
        child.process.wait()
        child.look()
        waits.append(child.wait)
    assert waits == [1, 2, 4]
    assert child.starts == 3


def test_a_port_in_use_is_named() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(ConfigError, match="TOCSIN_PORT"):
            supervisor.check_port(Config(tocsin_port=str(taken.getsockname()[1])))


def test_it_knows_whether_somebody_answers() -> None:
    port = free_port()
    assert not supervisor.answers(Config(tocsin_port=str(port)))
