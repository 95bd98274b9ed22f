"""Evidence as tests put it in."""

from __future__ import annotations

from typing import Any

from tocsin.platform.strongroom import Incoming, Kept
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.incidents import actions
from tocsin.rooms.incidents.models import Evidence, Incident


def stored(content: bytes) -> Kept:
    """Take a content into the strongroom."""
    incoming = Incoming()
    incoming.write(content)
    return incoming.keep()


def added(
    actor: Person, incident: Incident, content: bytes, name: str = "evidence.bin", **about: Any
) -> list[Evidence]:
    """Make a content evidence."""
    files = [(name, stored(content))]
    return actions.add_evidence(actor=actor, incident=incident, files=files, about=actions.About(**about))
