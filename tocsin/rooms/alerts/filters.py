"""What a person chose to see in the queue; it lives in the address of the page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from django.db import models
from django.utils.translation import gettext_lazy as _

BY_LEVEL = ("-level", "-last_seen", "-id")
BY_TIME = ("-last_seen", "-id")


class View(models.TextChoices):
    """The tabs of the queue."""

    OPEN = "open", _("Open")
    NEW = "new", _("New")
    TRIAGE = "triage", _("In triage")
    WAITING = "waiting", _("Waiting")
    MINE = "mine", _("Mine")
    ESCALATED = "escalated", _("Escalated")
    CLOSED = "closed", _("Closed")
    ALL = "all", _("All")


@dataclass(frozen=True, slots=True)
class Filters:
    """The choices; what makes no sense counts as not chosen."""

    view: str = View.OPEN
    level: int = 0
    organisation: str = ""
    rule: str = ""
    subject: str = ""
    text: str = ""
    newest_first: bool = False

    @classmethod
    def read(cls, given: Mapping[str, str]) -> Self:
        """Read the choices out of an address."""
        view, level = given.get("view", ""), given.get("level", "")
        return cls(
            view=view if view in View.values else View.OPEN,
            level=int(level) if level in {"1", "2", "3", "4"} else 0,
            organisation=given.get("organisation", ""),
            rule=given.get("rule", "")[:80],
            subject=given.get("subject", "")[:255],
            text=given.get("q", "").replace("\0", "").strip()[:100],
            newest_first=given.get("sort") == "newest",
        )

    @property
    def order(self) -> tuple[str, ...]:
        """Give the ordering of the list; an index has it."""
        return BY_TIME if self.newest_first else BY_LEVEL
