"""The room as a Django app."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from tocsin.platform.apps import MenuEntry, RoomConfig


class PlaybooksConfig(RoomConfig):
    """See the room's models, queries, actions and pages."""

    name = "tocsin.rooms.playbooks"
    label = "playbooks"
    menu = (MenuEntry(_("Playbooks"), "playbooks", 25, ("incidents.view",)),)

    def ready(self) -> None:
        """Show what is gone through on every incident, to those who handle it."""
        from tocsin.rooms.incidents.queries import Tab, register_tab

        register_tab(Tab("playbooks", _("Playbooks"), "incident_playbooks", 40))
