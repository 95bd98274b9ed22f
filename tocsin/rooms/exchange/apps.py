"""The room as a Django app."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from tocsin.platform.apps import MenuEntry, RoomConfig


class ExchangeConfig(RoomConfig):
    """See the room's models, queries, actions and pages."""

    name = "tocsin.rooms.exchange"
    label = "exchange"
    checks = ("tocsin.rooms.exchange.actions.examine_desks",)
    menu = (MenuEntry(_("Exchange"), "exchange", 85, ("exchange.import", "exchange.export", "exchange.desks")),)

    def ready(self) -> None:
        """Show on every incident where else it lives; let its tickets elsewhere follow merges, and end with a seal."""
        from tocsin.rooms.exchange.actions import stop_for_seal
        from tocsin.rooms.exchange.models import Ticket
        from tocsin.rooms.exchange.queries import tag_of, tagged
        from tocsin.rooms.incidents.actions import Rows, hear_of_seals, register_mover
        from tocsin.rooms.incidents.queries import Tab, register_tab
        from tocsin.rooms.notices.queries.tags import register_tags

        register_tags("exchange", tag_of, tagged)
        register_mover(Rows("foreign_tickets", _("Tickets elsewhere"), Ticket))
        hear_of_seals("exchange", stop_for_seal)

        register_tab(Tab("elsewhere", _("Elsewhere"), "incident_elsewhere", 80))
