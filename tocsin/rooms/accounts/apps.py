"""The room as a Django app."""

from __future__ import annotations

from typing import ClassVar

from django.utils.translation import gettext_lazy as _

from tocsin.platform.apps import MenuEntry, RoomConfig


class AccountsConfig(RoomConfig):
    """See the room's models, queries, actions and pages."""

    name = "tocsin.rooms.accounts"
    label = "accounts"
    menu: ClassVar = (MenuEntry(_("People"), "people", order=80, verbs=("accounts.manage",)),)
