"""The room as a Django app."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from tocsin.platform.apps import MenuEntry, RoomConfig


class ConstituencyConfig(RoomConfig):
    """See the room's models, queries, actions and pages."""

    name = "tocsin.rooms.constituency"
    label = "constituency"
    menu = (MenuEntry(_("Constituency"), "organisations", 60, ("constituency.view",)),)
