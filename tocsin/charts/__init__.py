"""Organisation charts as data: who is served, by whom, and what belongs to whom."""

from __future__ import annotations

from tocsin.charts.document import ChartError, Problem
from tocsin.charts.loading import chart_named, load, names
from tocsin.charts.schema import Chart

__all__ = ["Chart", "ChartError", "Problem", "chart_named", "load", "names"]
