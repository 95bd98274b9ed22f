"""The tags by which ticket systems know their mails, such as ``[depa #123]``: a room above says what each is about."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from tocsin.rooms.notices.models import Part, Thread

TAG = re.compile(r"\[([\w.@-]{1,60}) #(\d{1,20})\]")
MOST = 10


@dataclass(frozen=True, slots=True)
class Tagged:
    """What a tag is about: a matter, and the organisation (inner id) whose system wrote it."""

    matter: UUID
    organisation: int


TagOf = Callable[[UUID, str], str]
Find = Callable[[str, str], Tagged | None]
_TAGS: dict[str, tuple[TagOf, Find]] = {}


def register_tags(room: str, tag_of: TagOf, find: Find) -> None:
    """Let a room above give the tag for mails about a matter to an organisation (its code), and find what one names."""
    _TAGS[room] = (tag_of, find)


def tag_for(matter: UUID, organisation: str) -> str:
    """Give the tag that a mail about a matter to an organisation bears in its subject; empty when none."""
    return next(filter(None, (tag_of(matter, organisation) for tag_of, _find in _TAGS.values())), "")


def thread_or_part(subject: str) -> tuple[Thread | None, Part | None]:
    """Give the conversation, else the part of a notice, that the one tag in a subject is about."""
    named = set(TAG.findall(subject)[:MOST])
    found = {tagged for name, number in named for _tag, find in _TAGS.values() if (tagged := find(name, number))}
    if len(found) != 1:
        return None, None
    about = found.pop()
    threads = Thread.objects.filter(matter=about.matter, organisation=about.organisation)
    thread = threads.select_related("organisation").order_by("-pk").first()
    if thread is not None:
        return thread, None
    parts = Part.objects.filter(notice__matter=about.matter, organisation=about.organisation, told_at__isnull=False)
    return None, parts.select_related("notice", "organisation").order_by("-pk").first()
