"""The room as a Django app."""

from __future__ import annotations

from typing import ClassVar

from django.utils.translation import gettext_lazy as _

from tocsin.platform.apps import MenuEntry, RoomConfig


class IntakeConfig(RoomConfig):
    """See the room's models, queries, actions and pages."""

    name = "tocsin.rooms.intake"
    label = "intake"
    menu: ClassVar = (
        MenuEntry(_("Receipts"), "receipts", order=60, verbs=("intake.view",)),
        MenuEntry(_("Sources"), "sources", order=61, verbs=("intake.view",)),
    )
