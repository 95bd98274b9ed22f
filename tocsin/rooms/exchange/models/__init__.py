"""What comes from other systems and goes to them: imports, where an incident came from, tickets at others'."""

from __future__ import annotations

from tocsin.rooms.exchange.models.desks import ForeignDesk, Passing, Ticket
from tocsin.rooms.exchange.models.importing import Import, Mapping, Origin, Staged

__all__ = ["ForeignDesk", "Import", "Mapping", "Origin", "Passing", "Staged", "Ticket"]
