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
        """Show what is gone through on every incident, to those who handle it; let it go over when incidents merge."""
        from tocsin.rooms.incidents.actions import Rows, register_mover
        from tocsin.rooms.incidents.queries import Tab, register_tab
        from tocsin.rooms.playbooks.models import Run

        register_mover(
            Rows("playbook_runs", _("Playbooks"), Run, lambda run: run.version.shown_name, False, ("version",))
        )
        register_tab(Tab("playbooks", _("Playbooks"), "incident_playbooks", 40))
