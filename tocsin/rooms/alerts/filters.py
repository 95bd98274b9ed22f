"""What a person chose to see in the queue; it lives in the address of the page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from django.db import models
from django.utils.translation import gettext_lazy as _

BY_LEVEL = ("-level", "-last_seen", "-id")
BY_TIME = ("-last_seen", "-id")
LEVELS = range(5)


class Shown(models.TextChoices):
    """The tabs of the queue: which states they show."""

    OPEN = "open", _("Open")
    NEW = "new", _("New")
    TRIAGE = "triage", _("In triage")
    WAITING = "waiting", _("Waiting")
    ESCALATED = "escalated", _("Escalated")
    CLOSED = "closed", _("Closed")
    ALL = "all", _("All")


class Assigned(models.TextChoices):
    """Whose alerts are shown."""

    ANYBODY = "", _("anybody")
    ME = "me", _("me")
    NOBODY = "none", _("nobody")


@dataclass(frozen=True, slots=True)
class Filters:
    """The choices; what makes no sense counts as not chosen. ``level`` is ``3`` for high, ``3-`` for high and above."""

    state: str = Shown.OPEN
    assignee: str = Assigned.ANYBODY
    level: str = ""
    organisation: str = ""
    rule: str = ""
    subject: str = ""
    text: str = ""
    newest_first: bool = False

    @classmethod
    def read(cls, given: Mapping[str, str]) -> Self:
        """Read the choices out of an address."""

        def one_of(name: str, known: list[str], otherwise: str) -> str:
            return chosen if (chosen := given.get(name, "")) in known else otherwise

        return cls(
            state=one_of("state", Shown.values, Shown.OPEN),
            assignee=one_of("assignee", Assigned.values, Assigned.ANYBODY),
            level=one_of("level", [f"{level}{above}" for level in LEVELS for above in ("", "-")], ""),
            organisation=_clean(given.get("organisation", ""))[:40],
            rule=_clean(given.get("rule", ""))[:80],
            subject=_clean(given.get("subject", ""))[:255],
            text=_clean(given.get("q", ""))[:100],
            newest_first=given.get("sort") == "newest",
        )

    @property
    def order(self) -> tuple[str, ...]:
        """Give the ordering of the list; an index has it."""
        return BY_TIME if self.newest_first else BY_LEVEL

    @property
    def levels(self) -> tuple[int, int]:
        """Give the lowest and the highest level to show."""
        if not self.level:
            return LEVELS[0], LEVELS[-1]
        lowest = int(self.level[0])
        return lowest, LEVELS[-1] if self.level.endswith("-") else lowest


def _clean(text: str) -> str:
    return text.replace("\0", "").strip()
