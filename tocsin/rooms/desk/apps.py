"""The room as a Django app."""

from __future__ import annotations

from typing import ClassVar

from django.utils.translation import gettext_lazy as _

from tocsin.platform.apps import MenuEntry, RoomConfig


class DeskConfig(RoomConfig):
    """See the room's models, queries, actions and pages."""

    name = "tocsin.rooms.desk"
    label = "desk"
    menu: ClassVar = (
        MenuEntry(_("Desk"), "desk", order=0),
        MenuEntry(_("Overview"), "overview", order=2, verbs=("overview.view",)),
        MenuEntry(_("What left"), "ledger", order=60, verbs=("gate.view",)),
        MenuEntry(_("Audit trail"), "audit", order=70, verbs=("audit.view",)),
    )
