"""Pages of the exchange: thin; what is read is in queries, what is done in actions."""

from __future__ import annotations

from tocsin.rooms.exchange.pages.elsewhere import incident_elsewhere
from tocsin.rooms.exchange.pages.exports import export_file
from tocsin.rooms.exchange.pages.imports import (
    exchange,
    import_columns,
    import_decide,
    import_discard,
    import_new,
    import_records,
    import_undo,
    one_import,
)

__all__ = [
    "exchange",
    "export_file",
    "import_columns",
    "import_decide",
    "import_discard",
    "import_new",
    "import_records",
    "import_undo",
    "incident_elsewhere",
    "one_import",
]
