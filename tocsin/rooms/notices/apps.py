"""The room as a Django app."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from tocsin.platform.apps import MenuEntry, RoomConfig


class NoticesConfig(RoomConfig):
    """See the room's queries and pages."""

    name = "tocsin.rooms.notices"
    label = "notices"
    menu = (
        MenuEntry(_("Notices"), "notices", 30, ("notices.view",)),
        MenuEntry(_("Who would be told?"), "routing", 33, ("constituency.manage",)),
        MenuEntry(_("What we were told"), "notices_mine", 31, ("notices.part",)),
        MenuEntry(_("In one sentence"), "notice_board", 32, ("notices.count",)),
    )
