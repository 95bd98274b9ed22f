"""The room as a Django app."""

from __future__ import annotations

from typing import ClassVar

from django.utils.translation import gettext_lazy as _

from tocsin.platform.apps import MenuEntry, RoomConfig


class RulesConfig(RoomConfig):
    """See the room's models, queries, actions and pages."""

    name = "tocsin.rooms.rules"
    label = "rules"
    menu: ClassVar = (MenuEntry(_("Rules"), "rules", order=50, verbs=("rules.view",)),)
