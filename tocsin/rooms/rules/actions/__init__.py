"""Take rules in, switch them on and off."""

from __future__ import annotations

from tocsin.rooms.rules.actions.errors import CannotRun, NothingToImport, RuleError
from tocsin.rooms.rules.actions.taking import (
    Imported,
    ensure_starter,
    import_folder,
    import_starter,
    switch,
    switch_set,
)

__all__ = [
    "CannotRun",
    "Imported",
    "NothingToImport",
    "RuleError",
    "ensure_starter",
    "import_folder",
    "import_starter",
    "switch",
    "switch_set",
]
