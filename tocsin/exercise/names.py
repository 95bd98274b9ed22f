"""Invented people, and the sites everybody visits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import yaml

NAMES = Path(__file__).with_name("names.yaml")


@cache
def names() -> Mapping[str, Sequence[str]]:
    """Load the lists of names: first, last, machines and sites."""
    lists: Mapping[str, Sequence[str]] = yaml.load(NAMES.read_bytes(), Loader=yaml.CSafeLoader)
    return lists


def login_name(first: str, last: str) -> str:
    """Make the short account name the institutions use: seven letters of the surname, two of the first name."""
    return (last[:7] + first[:2]).lower()
