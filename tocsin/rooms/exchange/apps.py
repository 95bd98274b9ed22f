"""The room as a Django app."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from tocsin.platform.apps import MenuEntry, RoomConfig


class ExchangeConfig(RoomConfig):
    """See the room's models, queries, actions and pages."""

    name = "tocsin.rooms.exchange"
    label = "exchange"
    menu = (MenuEntry(_("Exchange"), "exchange", 85, ("exchange.import", "exchange.export")),)

    def ready(self) -> None:
        """Show on every incident where else it lives."""
        from tocsin.rooms.incidents.queries import Tab, register_tab

        register_tab(Tab("elsewhere", _("Elsewhere"), "incident_elsewhere", 80))
