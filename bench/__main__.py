"""Measure: `python -m bench [NAME]` runs one or all of the modules beside this file and writes `bench/results.json`."""

from __future__ import annotations

import importlib
import json
import pkgutil
import sys
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

HERE = Path(__file__).parent
RESULTS = HERE / "results.json"
COLUMNS = ("name", "value", "unit", "floor", "ceiling", "yardstick", "database")


def modules() -> list[str]:
    """Give the names of all measurements."""
    return sorted(name for _, name, _ in pkgutil.iter_modules([str(HERE)]) if not name.startswith("_"))


def holds(result: dict[str, Any]) -> bool:
    """Tell whether a figure keeps its floor and its ceiling."""
    floor, ceiling = result.get("floor"), result.get("ceiling")
    return (floor is None or result["value"] >= floor) and (ceiling is None or result["value"] <= ceiling)


def show(results: list[dict[str, Any]]) -> None:
    """Print the table."""
    table = Table(*COLUMNS, "holds")
    for result in results:
        cells = [result.get(column) for column in COLUMNS]
        written = [
            f"{cell:,.3g}"
            if isinstance(cell, float) and abs(cell) < 100
            else f"{cell:,.0f}"
            if isinstance(cell, float)
            else str("" if cell is None else cell)
            for cell in cells
        ]
        table.add_row(*written, "yes" if holds(result) else "NO")
    Console(width=160).print(table)


def main(only: str | None) -> int:
    """Run, print, write; the exit status says whether every figure holds."""
    chosen = [only] if only else modules()
    if only and only not in modules():
        print(f"There is no measurement {only!r}; there are: {', '.join(modules())}")
        return 2
    results: list[dict[str, Any]] = []
    for name in chosen:
        print(f"{name} ...", file=sys.stderr, flush=True)
        results += importlib.import_module(f"bench.{name}").measure()
    earlier = json.loads(RESULTS.read_text()) if RESULTS.exists() else []
    measured = {(r["name"], r.get("database")) for r in results}
    kept = [r for r in earlier if (r["name"], r.get("database")) not in measured]
    RESULTS.write_text(json.dumps(kept + results, indent=1))
    show(results)
    return 0 if all(map(holds, results)) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else None))
