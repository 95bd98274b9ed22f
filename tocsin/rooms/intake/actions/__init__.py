"""What changes in intake: sources, what is taken from files and from deliveries, and the upkeep of the lake."""

from __future__ import annotations

from tocsin.rooms.intake.actions.deliveries import deliver, take_journal
from tocsin.rooms.intake.actions.files import take_file
from tocsin.rooms.intake.actions.ledger import no_hits
from tocsin.rooms.intake.actions.sources import change_source, create_source, source_named
from tocsin.rooms.intake.actions.upkeep import compact, sweep

__all__ = [
    "change_source",
    "compact",
    "create_source",
    "deliver",
    "no_hits",
    "source_named",
    "sweep",
    "take_file",
    "take_journal",
]
