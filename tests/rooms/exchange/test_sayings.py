"""Whatever a reader gives as a reason is said in the reader's language; what it names stays as it is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.utils import translation

from tocsin.rooms.exchange.actions import reading
from tocsin.rooms.exchange.knowledge import sayings, split

PEERS = Path(sayings.__file__).parent / "peers"


def reasons(found: Any) -> Iterator[str]:
    """Give every reason that the files of the peers hold."""
    if isinstance(found, list):
        for each in found:
            yield from reasons(each)
    if isinstance(found, dict):
        for name, value in found.items():
            if name == "passed_over":
                yield f"alert: {value}"
            elif name == "dropped":
                yield from (f"{field}: {reason}" for field, reason in value.items())
            elif name == "refused" and isinstance(value, dict):
                yield from (reason for by_value in value.values() for reason in by_value.values())
            else:
                yield from reasons(value)


def every() -> list[str]:
    files = [yaml.safe_load(path.read_text()) for path in sorted(PEERS.glob("*.yaml"))]
    found = {reason for file in files for reason in reasons(file)}
    known = {reading.HERE, reading.TWICE, reading.ORPHAN}
    known |= {split.TOO_LONG, split.TOO_DEEP, split.NOT_JSON, split.ENDS_EARLY}
    assert len(found) >= 9
    return sorted(found | known)


@pytest.mark.parametrize("reason", every())
def test_each_is_said_in_french(reason: str) -> None:
    with translation.override("fr"):
        assert sayings.said(reason) != reason
    with translation.override("en"):
        assert sayings.said(reason) == reason


def test_what_it_names_stays() -> None:
    with translation.override("fr"):
        assert sayings.said("3 cells where the heading has 4") == "3 cellules alors que l’en-tête en a 4"
        told = sayings.said("it is nothing that FIR exports, by its fields: a, <b>{peer}</b>")
        assert told == "ce n’est rien que FIR exporte, d’après ses champs : a, <b>{peer}</b>"
        assert sayings.said("something new") == "something new"
