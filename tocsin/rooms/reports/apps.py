"""The room as a Django app."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from tocsin.platform.apps import RoomConfig


class ReportsConfig(RoomConfig):
    """See the room's queries, writing and pages."""

    name = "tocsin.rooms.reports"
    label = "reports"

    def ready(self) -> None:
        """Offer the report of an incident as one of its tabs."""
        from tocsin.rooms.incidents.queries import Tab, register_tab

        register_tab(Tab("report", _("Report"), "incident_report", 90, lambda _view: True))
