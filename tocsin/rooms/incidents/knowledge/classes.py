"""The taxonomy of incidents, read from `taxonomy.yaml`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from django.utils.translation import gettext

FILE = Path(__file__).parents[1] / "taxonomy.yaml"


@cache
def taxonomy() -> Mapping[str, Mapping[str, Any]]:
    """Give the classes of the taxonomy (RSIT 1003), each with ``name`` and ``types``."""
    classes: Mapping[str, Mapping[str, Any]] = yaml.safe_load(FILE.read_text())["classes"]
    return classes


@cache
def class_of() -> Mapping[str, str]:
    """Give the class of each type."""
    return {code: of for of, entry in taxonomy().items() for code in entry["types"]}


def label(rsit_class: str, rsit_type: str) -> str:
    """Give the names of a class and a type as people read them; empty when there is no class."""
    entry = taxonomy().get(rsit_class)
    if entry is None:
        return ""
    name = str(entry["types"].get(rsit_type, ""))
    return f"{gettext(entry['name'])}: {gettext(name)}" if name else gettext(entry["name"])
