"""The room as a Django app."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from tocsin.platform.apps import MenuEntry, RoomConfig


class NoticesConfig(RoomConfig):
    """See the room's queries and pages."""

    name = "tocsin.rooms.notices"
    label = "notices"
    menu = (MenuEntry(_("Whom to tell"), "affected", 30, ("notices.view",)),)
