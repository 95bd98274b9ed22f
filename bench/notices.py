"""How long it takes to tell 90 organisations and to queue 10,000 notices, and how long the matrix of 200 x 150 takes
over HTTP; on SQLite and (where TOCSIN_TEST_POSTGRESQL names a server) on PostgreSQL."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from bench._serving import free_port, on_each, served, signed_in, timed

TELL_S, QUEUE_S, MATRIX_MS = 600.0, 60.0, 100.0
ROUNDS = 40


def measure() -> list[dict[str, Any]]:
    """Measure on every database there is."""
    return on_each(_on)


def _on(database: str, url: str) -> list[dict[str, Any]]:
    with tempfile.TemporaryDirectory(prefix="tocsin-bench-") as home:
        port = free_port()
        environment = {**os.environ, "TOCSIN_HOME": home, "DATABASE_URL": url, "TOCSIN_PORT": str(port)}
        command = [sys.executable, "-m", "bench._notices"]
        done = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True)
        took = json.loads(done.stdout.splitlines()[-1])
        person = json.loads((Path(home) / "bench-ciso.json").read_text())
        with served({**environment, "TOCSIN_SMTP_URL": "smtp://127.0.0.1:1"}, port) as base:
            session = signed_in(base, person)
            times = sorted(timed(session, f"{base}/notices/matrix/")[0] for _ in range(ROUNDS))
    p95 = times[int(len(times) * 0.95) - 1]
    figures = [
        ("notices.tell_90_s", took["tell_90_s"], "s", TELL_S),
        ("notices.queue_10000_s", took["queue_10000_s"], "s", QUEUE_S),
        ("pages.matrix.p95_ms", p95, "ms", MATRIX_MS),
        ("pages.matrix.median_ms", statistics.median(times), "ms", None),
    ]
    return [
        {"name": name, "value": value, "unit": unit, "ceiling": ceiling, "database": database}
        for name, value, unit, ceiling in figures
    ]
