"""The room as a Django app."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from django.utils.translation import gettext_lazy as _

from tocsin.platform.apps import MenuEntry, RoomConfig


class AlertsConfig(RoomConfig):
    """See the room's models, queries, actions and pages."""

    name = "tocsin.rooms.alerts"
    label = "alerts"
    menu: ClassVar = (MenuEntry(_("Alerts"), "alerts", order=10, verbs=("alerts.view",)),)

    def ready(self) -> None:
        """Say in shift notes what somebody did with alerts, and to owners that their suppressions end."""
        from tocsin.rooms.alerts.queries import SOURCE, happened
        from tocsin.rooms.notifications import knowledge as notifications
        from tocsin.rooms.rota.queries import register_happened

        register_happened("alerts", happened)
        notifications.register(Path(__file__).with_name("notifications.yaml"), SOURCE)
