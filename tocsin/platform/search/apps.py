"""The index as a Django app."""

from __future__ import annotations

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class SearchConfig(AppConfig):
    """What can be found by everyone, each within what they may see."""

    name = "tocsin.platform.search"
    label = "search"

    def ready(self) -> None:
        """Watch the tables whenever they may have been made anew."""
        from tocsin.platform.search import watching

        post_migrate.connect(watching.after_migrate, sender=self)
