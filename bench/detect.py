"""How fast detection is: 100,000 Windows events and all Windows rules of SigmaHQ, on one core.

Each figure comes from a process of its own. The plan is compiled and prepared before the clock starts, but nothing is
remembered of the values: that is how a worker stands after its first minutes. The yardstick is `orjson.loads` over the
same lines in the same process. Seconds are processor seconds, so that neighbours on a shared machine do not count.
"""

from __future__ import annotations

import gzip
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
EVENTS = "bench/windows-100k.jsonl.gz"
RULES = "data/01_sigma/sigma_rules.zip"
FLOOR = 10_000.0
Figures = dict[str, float]


def measure() -> list[dict[str, Any]]:
    """Measure in child processes."""
    shared = Path(os.environ.get("TOCSIN_SHARED", ROOT.parent / "shared"))
    missing = [name for name in (EVENTS, RULES) if not (shared / name).exists()]
    if missing:
        print(f"detect: not measured, {', '.join(missing)} is not in {shared}", file=sys.stderr)
        return []
    with tempfile.TemporaryDirectory(prefix="tocsin-bench-") as folder:
        _lay_out(shared, Path(folder))
        compiled, lines, columns = (_child(what, folder) for what in ("compiling", "lines", "columns"))
    yardstick = f"orjson.loads {lines['orjson']:,.0f} lines/s"
    return [
        _result("detect.json_events_per_s", lines["rate"], "events/s", FLOOR, yardstick),
        _result("detect.columns_events_per_s", columns["rate"], "events/s", None, yardstick),
        _result("detect.json_vs_orjson", lines["rate"] / lines["orjson"], "quotient", None, yardstick),
        _result("detect.memory_mb", lines["memory"], "MB resident at most", None, "Zircolite 3.7.0 329 MB"),
        _result("detect.compile_s", compiled["seconds"], "s, nothing cached", None, "Zircolite 3.7.0 33 s"),
        _result("detect.load_s", lines["load"], "s, plan from the cache", None, ""),
        _result("detect.first_json_events_per_s", lines["first"], "events/s, automata from the cache", None, yardstick),
    ]


def _result(name: str, value: float, unit: str, floor: float | None, yardstick: str) -> dict[str, Any]:
    figures = {"name": name, "value": round(value, 3), "unit": unit, "floor": floor, "ceiling": None}
    return {**figures, "yardstick": yardstick, "database": None}


def _lay_out(shared: Path, folder: Path) -> None:
    with zipfile.ZipFile(shared / RULES) as archive:
        archive.extractall(folder)
    with gzip.open(shared / EVENTS) as packed, (folder / "events.jsonl").open("wb") as plain:
        shutil.copyfileobj(packed, plain)


def _child(what: str, folder: str) -> Figures:
    done = subprocess.run(
        [sys.executable, "-m", "bench.detect", what, folder], cwd=ROOT, check=True, stdout=subprocess.PIPE
    )
    figures: Figures = json.loads(done.stdout)
    return figures


def _timed(work: Callable[[], int]) -> tuple[int, float]:
    start = time.process_time()
    count = work()
    return count, time.process_time() - start


def _plan(folder: Path) -> Any:
    from tocsin.pipeline.detect.plan import compile_plan

    return compile_plan([folder / "rules" / "windows"], cache=folder / "cache")


def _lines(folder: Path) -> Figures:
    from tocsin.pipeline.engines.local import collect_seldom

    start = time.process_time()
    plan = _plan(folder)
    collect_seldom()
    load = time.process_time() - start
    count, first = _timed(lambda: sum(chunk.events for chunk in _chunks(folder, plan)))
    plan.forget()
    _, again = _timed(lambda: sum(chunk.events for chunk in _chunks(folder, plan)))
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"rate": count / again, "first": count / first, "memory": memory, "load": load, "orjson": _orjson(folder)}


def _orjson(folder: Path) -> float:
    import orjson

    lines = (folder / "events.jsonl").read_bytes().splitlines()
    count, seconds = _timed(lambda: sum(1 for line in lines if orjson.loads(line)))
    return count / seconds


def _chunks(folder: Path, plan: Any) -> Iterator[Any]:
    from tocsin.pipeline.detect.engine import Engine
    from tocsin.pipeline.engines.local import Tools, process
    from tocsin.pipeline.parsers.opening import open_content
    from tocsin.pipeline.parsers.registry import formats
    from tocsin.pipeline.schema.event import Reading

    with open_content(folder / "events.jsonl") as content:
        tools = Tools(plan.want(), None, Engine(plan))
        yield from process(content, formats()["windows_json"], Reading(datetime.now(UTC)), tools)


def _columns(folder: Path) -> Figures:
    from tocsin.pipeline.detect.engine import Engine

    plan = _plan(folder)
    batches = [batch for chunk in _chunks(folder, plan) for batch in chunk.batches]
    events = sum(batch.table.num_rows for batch in batches)
    plan.forget()
    engine = Engine(plan)
    _, seconds = _timed(lambda: sum(len(engine.detect(batch)) for batch in batches))
    return {"rate": events / seconds}


def _compiling(folder: Path) -> Figures:
    def work() -> int:
        return sum(chunk.events for chunk in _chunks(folder, _plan(folder)))

    _, seconds = _timed(work)
    return {"seconds": seconds - _timed(work)[1]}


def main(what: str, folder: Path) -> None:
    """Measure one thing on one core and print it."""
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    print(json.dumps({"lines": _lines, "columns": _columns, "compiling": _compiling}[what](folder)))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
