"""The room as a Django app."""

from __future__ import annotations

from typing import ClassVar

from django.utils.translation import gettext_lazy as _

from tocsin.platform.apps import MenuEntry, RoomConfig


class AlertsConfig(RoomConfig):
    """See the room's models, queries, actions and pages."""

    name = "tocsin.rooms.alerts"
    label = "alerts"
    menu: ClassVar = (MenuEntry(_("Alerts"), "alerts", order=10, verbs=("alerts.view",)),)
