"""What comes from other systems and goes to them: imports, the records in them, where an incident came from."""

from __future__ import annotations

from tocsin.rooms.exchange.models.importing import Import, Mapping, Origin, Staged

__all__ = ["Import", "Mapping", "Origin", "Staged"]
