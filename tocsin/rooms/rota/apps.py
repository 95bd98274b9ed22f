"""The room as a Django app."""

from __future__ import annotations

from pathlib import Path

from django.utils.translation import gettext_lazy as _

from tocsin.platform.apps import MenuEntry, RoomConfig


class RotaConfig(RoomConfig):
    """See the room's models, queries, actions and pages."""

    name = "tocsin.rooms.rota"
    label = "rota"
    menu = (
        MenuEntry(_("On call"), "on_call", 25, ("rota.page", "rota.manage")),
        MenuEntry(_("Deputies"), "deputies", 65, ("deputies.name",)),
    )

    def ready(self) -> None:
        """Show who is on call on the page of a team, and who serves elsewhere on that of a person."""
        from tocsin.platform.panels import Panel, register
        from tocsin.rooms.notifications import knowledge as notifications
        from tocsin.rooms.notifications.queries.live import plain_subject, register_subject
        from tocsin.rooms.rota.pages.panels import person_panel, team_panel
        from tocsin.rooms.rota.queries.calls import SOURCE

        notifications.register(Path(__file__).with_name("notifications.yaml"), SOURCE)
        register_subject(plain_subject(SOURCE, lambda page: str(page.get_state_display())))
        register(Panel("team", "rota/_team.html", team_panel))
        register(Panel("person", "rota/_person.html", person_panel))
