"""How fast logs are taken in: stage by stage on the exercise's mixed formats, and how quickly deliveries are kept.

A process of its own with a database of its own. Seconds of the stages are processor seconds, so that neighbours on a
shared machine do not count; those of the journal are real, since what it waits for is the disk.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

FLOOR = 6_667.0  # 200,000 events in 30 s
SENDERS, DELIVERIES, DELIVERY = 50, 2_000, 16 * 1024
ACKNOWLEDGED_MS = 50.0


def measure() -> list[dict[str, Any]]:
    """Measure in a child process."""
    with tempfile.TemporaryDirectory(prefix="tocsin-bench-") as home:
        environment = {**os.environ, "TOCSIN_HOME": home, "DATABASE_URL": ""}
        done = subprocess.run([sys.executable, "-m", "bench.intake"], env=environment, check=True, capture_output=True)
    found: list[dict[str, Any]] = json.loads(done.stdout.splitlines()[-1])
    return found


def _result(
    name: str, value: float, unit: str, yardstick: str = "", floor: float | None = None, ceiling: float | None = None
) -> dict[str, Any]:
    figures = {"name": f"intake.{name}", "value": round(value, 3), "unit": unit, "floor": floor, "ceiling": ceiling}
    return {**figures, "yardstick": yardstick, "database": "sqlite"}


def _timed(work: Callable[[], int]) -> float:
    begun = time.process_time()
    count = work()
    return count / (time.process_time() - begun)


def _stages(folder: Path) -> list[dict[str, Any]]:
    """Take the exercise in, first only parsed, then attributed, then detected, then for good."""
    from tocsin.charts import chart_named, load
    from tocsin.exercise.chart import parties
    from tocsin.exercise.writing import write
    from tocsin.pipeline.engines.local import Tools, process
    from tocsin.pipeline.parsers.format import HEAD
    from tocsin.pipeline.parsers.opening import open_content
    from tocsin.pipeline.parsers.registry import choose
    from tocsin.pipeline.schema.event import Reading
    from tocsin.pipeline.schema.want import Want
    from tocsin.rooms.alerts.actions import Ingest
    from tocsin.rooms.constituency.actions import load_chart
    from tocsin.rooms.rules.actions import import_starter

    load_chart(chart=chart_named("eu"), actor=None)
    import_starter(actor=None)
    written = write(folder, parties(load(chart_named("eu"))), scale=0.5)
    paths = [folder / source.path for source in written.sources]
    ingest = Ingest.ready()
    everything = Want(native=ingest.engine.plan.native)

    def passed(tools: Tools) -> int:
        records = 0
        for path in paths:
            with open_content(path) as stream:
                chosen = choose(path.read_bytes()[:HEAD])
                for chunk in process(stream, chosen, Reading(datetime.now(UTC)), tools):
                    records += chunk.records
        return records

    def taken() -> int:
        return sum(ingest.file(path, source=path.stem).taken_now for path in paths)

    parsed = _timed(lambda: passed(Tools(everything)))
    attributed = _timed(lambda: passed(Tools(everything, ingest.ownership)))
    detected = _timed(lambda: passed(Tools(everything, ingest.ownership, ingest.engine)))
    ingested = _timed(taken)
    again = _timed(lambda: taken() or written.events)
    return [
        _result("parse_events_per_s", parsed, "events/s of one core"),
        _result("attribute_events_per_s", attributed, "events/s of one core", "with parsing"),
        _result("detect_events_per_s", detected, "events/s of one core", "with parsing and attribution, starter rules"),
        _result("file_events_per_s", ingested, "events/s of one core", "all, with lake and database", floor=FLOOR),
        _result("known_events_per_s", again, "events/s of one core", "the same files again, which adds nothing"),
        _result("memory_mb", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, "MB resident at most"),
    ]


def _journal(folder: Path) -> list[dict[str, Any]]:
    """Keep deliveries of many senders at once, beside one fsync a delivery."""
    from tocsin.pipeline.lake.journal import Journal

    journal, body = Journal(folder), os.urandom(DELIVERY)

    def send(_number: int) -> float:
        begun = time.perf_counter()
        journal.append(body)
        return (time.perf_counter() - begun) * 1000

    begun = time.perf_counter()
    with ThreadPoolExecutor(SENDERS) as pool:
        waits = sorted(pool.map(send, range(DELIVERIES)))
    rate = DELIVERIES / (time.perf_counter() - begun)
    alone = [send(0) for _ in range(50)]
    yardstick = f"one sender alone waits {statistics.median(alone):.2f} ms"
    p95 = waits[int(len(waits) * 0.95)]
    return [
        _result("journal_deliveries_per_s", rate, f"deliveries/s of 16 KiB, {SENDERS} senders", yardstick),
        _result("journal_p95_ms", p95, f"ms until answered, {SENDERS} senders", yardstick, ceiling=ACKNOWLEDGED_MS),
    ]


def _child() -> None:
    from tocsin.platform.start import migrate

    migrate()
    home = Path(os.environ["TOCSIN_HOME"])
    print(json.dumps(_stages(home / "exercise") + _journal(home / "journal")))


if __name__ == "__main__":
    _child()
