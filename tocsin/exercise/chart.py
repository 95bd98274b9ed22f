"""Take the parties of the exercise out of an organisation chart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from tocsin.charts import Chart
from tocsin.charts.schema import Timed
from tocsin.exercise.party import Party


def parties(chart: Chart) -> list[Party]:
    """Give every organisation of the chart with what it holds; what it holds without end comes first."""
    return [
        Party(
            organisation.code,
            organisation.name,
            tuple(held.prefix for held in _lasting_first(organisation.prefixes)),
            tuple(held.name for held in _lasting_first(organisation.domains)),
        )
        for organisation in chart.organisations
    ]


Held = TypeVar("Held", bound=Timed)


def _lasting_first(entries: Sequence[Held]) -> list[Held]:
    return sorted(entries, key=lambda entry: entry.valid_from is not None or entry.valid_to is not None)
