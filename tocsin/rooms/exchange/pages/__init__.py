"""Pages of the exchange: thin; what is read is in queries, what is done in actions."""

from __future__ import annotations

from tocsin.rooms.exchange.pages.desks import (
    foreign_desk,
    foreign_desk_called,
    foreign_desk_new,
    foreign_desk_run,
    foreign_desk_try,
    foreign_desks,
)
from tocsin.rooms.exchange.pages.elsewhere import incident_elsewhere, incident_ticket_begin, incident_ticket_now
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
    "foreign_desk",
    "foreign_desk_called",
    "foreign_desk_new",
    "foreign_desk_run",
    "foreign_desk_try",
    "foreign_desks",
    "import_columns",
    "import_decide",
    "import_discard",
    "import_new",
    "import_records",
    "import_undo",
    "incident_elsewhere",
    "incident_ticket_begin",
    "incident_ticket_now",
    "one_import",
]
