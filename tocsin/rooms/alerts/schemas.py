"""What a person chose to see in the queue, and how a raw record is shown."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from tocsin.platform.export import Sheet
from tocsin.platform.lists import Order, order_of
from tocsin.rooms.alerts.models import Alert

SHEET = Sheet(
    name="alerts",
    columns={
        "title": "title",
        "level": "get_level_display",
        "organisation": "organisation.code",
        "subject_kind": "subject_kind",
        "subject": "subject",
        "hits": "count",
        "first_seen": "first_seen",
        "last_seen": "last_seen",
        "state": "state",
        "assignee": "assignee.username",
        "disposition": "disposition",
        "techniques": "techniques",
        "rule": "rule_id",
        "uuid": "uuid",
    },
    organisations="organisation__code",
)
SUPPRESSIONS = Sheet(
    name="suppressions",
    columns={
        "rule": "rule_id",
        "title": "title",
        "where": "where",
        "subject": "subject",
        "state": "state",
        "until": "until",
        "hidden": "counted",
        "last_hidden": "last_hidden",
        "owner": "owner.username",
        "reason": "reason",
        "made": "created_at",
        "ended": "ended_at",
        "ended_by": "ended_by.username",
        "uuid": "uuid",
    },
    organisations="organisation__code",
)
EXPIRY = (Order("", _("soonest end first"), ("until", "id")), Order("latest", _("latest end first"), ("-until", "-id")))
BY_LEVEL = ("-rank", "-id")
BY_TIME = ("-last_seen", "-id")
LEVELS = range(5)
DEEPEST = 12
MOST_FACTS = 500


class Shown(models.TextChoices):
    """The tabs of the queue: which states they show."""

    OPEN = "open", _("Open")
    NEW = "new", _("New")
    TRIAGE = "triage", _("In triage")
    WAITING = "waiting", _("Waiting")
    ESCALATED = "escalated", _("Escalated")
    CLOSED = "closed", _("Closed")
    SUPPRESSED = "suppressed", _("Suppressed")
    ALL = "all", _("All")


CLOSED = (Alert.State.FALSE_POSITIVE, Alert.State.BENIGN, Alert.State.DUPLICATE)
UNSUPPRESSED = "unsuppressed"  # all that comes into the queue or has been in it; a link may ask for it
ASKED = (UNSUPPRESSED, *CLOSED)  # besides the tabs
DAY = "day"  # what was seen in the last 24 hours


class Assigned(models.TextChoices):
    """Whose alerts are shown."""

    ANYBODY = "", _("anybody")
    ME = "me", _("me")
    NOBODY = "none", _("nobody")


@dataclass(frozen=True, slots=True)
class Filters:
    """The choices; ``unknown`` names those without sense. ``level`` is ``3`` for high, ``3-`` for high and above."""

    state: str = Shown.OPEN
    assignee: str = Assigned.ANYBODY
    level: str = ""
    organisation: str = ""
    rule: str = ""
    subject: str = ""
    suppression: str = ""
    seen: str = ""
    text: str = ""
    newest_first: bool = False
    unknown: tuple[str, ...] = ()

    @classmethod
    def read(cls, given: Mapping[str, str]) -> Self:
        """Read the choices out of an address; a list asked for in a way nobody knows is empty, never wider."""
        unknown: list[str] = []

        def one_of(name: str, known: list[str], otherwise: str) -> str:
            chosen = given.get(name, "")
            if chosen and chosen not in known:
                unknown.append(name)
            return chosen if chosen in known else otherwise

        levels = [f"{level}{above}" for level in LEVELS for above in ("", "-")]
        return cls(
            state=one_of("state", [*Shown.values, *ASKED], Shown.OPEN),
            assignee=one_of("assignee", Assigned.values, Assigned.ANYBODY),
            level=one_of("level", levels, ""),
            organisation=_clean(given.get("organisation", ""))[:40],
            rule=_clean(given.get("rule", ""))[:80],
            subject=_clean(given.get("subject", ""))[:255],
            suppression=_clean(given.get("suppression", ""))[:36],
            seen=one_of("seen", [DAY], ""),
            text=_clean(given.get("q", ""))[:100],
            newest_first=given.get("sort") == "newest",
            unknown=tuple(unknown),
        )

    @property
    def tab(self) -> str:
        """Give the tab whose alerts these are, all of them; empty when they are fewer."""
        if self.level or self.organisation or self.rule or self.subject or self.suppression or self.seen or self.text:
            return ""
        if self.assignee == Assigned.ANYBODY:
            return self.state
        return self.assignee if self.assignee == Assigned.ME and self.state == Shown.OPEN else ""

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


class Standing(models.TextChoices):
    """The tabs of the list of suppressions."""

    IN_FORCE = "in_force", _("In force")
    SOON = "soon", _("End soon")
    ENDED = "ended", _("Ended")
    ALL = "all", _("All")


@dataclass(frozen=True, slots=True)
class SuppressionFilters:
    """Which suppressions are shown, and in which order; a tab that nobody knows shows none."""

    state: str = Standing.IN_FORCE
    organisation: str = ""
    rule: str = ""
    mine: bool = False
    order: Order = EXPIRY[0]

    @classmethod
    def read(cls, given: Mapping[str, str]) -> Self:
        """Read the choices out of an address."""
        return cls(
            state=given.get("state") or Standing.IN_FORCE,
            organisation=_clean(given.get("organisation", ""))[:40],
            rule=_clean(given.get("rule", ""))[:80],
            mine=given.get("owner") == "me",
            order=order_of(EXPIRY, given.get("sort", "")),
        )


def _clean(text: str) -> str:
    return text.replace("\0", "").strip()


@dataclass(frozen=True, slots=True)
class Pretty:
    """A raw record as text and, when it is a JSON object, as names and values."""

    text: str
    facts: tuple[tuple[str, str], ...] = ()


# What an analyst looks for first, in the names Windows, Zeek and web servers use; the last part of a name counts.
TELLING = (
    *("CommandLine", "ParentCommandLine", "Image", "ParentImage", "User", "SubjectUserName", "TargetUserName"),
    *("IpAddress", "SourceIp", "DestinationIp", "DestinationHostname", "QueryName", "TargetFilename", "TargetObject"),
    *("Details", "ImagePath", "ServiceName", "TaskName", "PipeName", "ScriptBlockText", "SourceImage", "TargetImage"),
    *("GrantedAccess", "Hashes", "id.orig_h", "id.resp_h", "query", "host", "uri", "user_agent", "method"),
    "status_code",
)
SHORT = 600


def telling(raw: bytes) -> Pretty:
    """Give what a raw record says first: its telling values, or else the beginning of its text."""
    whole = pretty(raw)
    known = {name: value for name, value in whole.facts if value}
    named = ((wanted, known.get(wanted) or _last_part(known, wanted)) for wanted in TELLING)
    facts = tuple((name, value[:SHORT]) for name, value in named if value)
    return Pretty(whole.text[:SHORT], facts)


def _last_part(known: Mapping[str, str], wanted: str) -> str:
    return next((value for name, value in known.items() if name.endswith(f".{wanted}")), "")


def pretty(raw: bytes) -> Pretty:
    """Write a raw record; what is no text shows as escapes."""
    text = raw.decode("utf-8", errors="backslashreplace").replace("\0", "\\x00")
    try:
        read = json.loads(text)
    except (ValueError, RecursionError):
        return Pretty(text)
    if not isinstance(read, dict):
        return Pretty(text)
    return Pretty(text, tuple(islice(_facts("", read, DEEPEST), MOST_FACTS)))


def _facts(name: str, value: Any, depth: int) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict) and value and depth:
        for key, inner in value.items():
            yield from _facts(f"{name}.{key}" if name else str(key), inner, depth - 1)
    elif isinstance(value, str):
        yield name, value
    else:
        yield name, json.dumps(value, ensure_ascii=False)
