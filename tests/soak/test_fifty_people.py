"""Fifty people work at once for ten minutes, on each database: nothing goes wrong, and nobody waits."""

from __future__ import annotations

from bench import load
from bench.__main__ import holds


def test_fifty_people_work_for_ten_minutes() -> None:
    for figure in load.measure():
        print(f"{figure['name']} {figure['value']:.0f} ({figure['database']}): {figure['yardstick']}")
        assert holds(figure), figure
