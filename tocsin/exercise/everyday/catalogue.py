"""The catalogue of everyday acts, and drawing from it by weight."""

from __future__ import annotations

import random
from collections.abc import Mapping
from functools import cache
from itertools import accumulate
from pathlib import Path
from typing import Any

import yaml

CATALOGUE = Path(__file__).with_name("catalogue.yaml")


class Choice:
    """Draw rows of one list of the catalogue, the heavier the more often."""

    def __init__(self, rows: list[list[Any]]) -> None:
        self._rows = [tuple(str(cell) for cell in row[1:]) for row in rows]
        self._weights = list(accumulate(float(row[0]) for row in rows))

    def draw(self, rng: random.Random) -> tuple[str, ...]:
        """Give one row without its weight."""
        return rng.choices(self._rows, cum_weights=self._weights)[0]


@cache
def catalogue() -> Mapping[str, Choice]:
    """Load the catalogue once."""
    lists: dict[str, list[list[Any]]] = yaml.load(CATALOGUE.read_bytes(), Loader=yaml.CSafeLoader)
    return {name: Choice(rows) for name, rows in lists.items()}


def fill(text: str, values: Mapping[str, str]) -> str:
    """Put the values in the place of their names in braces; other braces stay."""
    if "{" not in text:
        return text
    for name, value in values.items():
        text = text.replace(name, value)
    return text
