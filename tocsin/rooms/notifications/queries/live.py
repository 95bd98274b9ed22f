"""News of open pages: what changed there since a page was made, and a tag by which most answers need not be made.

Making the whole answer asks the database about ten times. Its tag therefore names the state that it was made of, and
while one query finds this state unchanged, nothing has to be made anew. A tag opens nothing: it is bound to one
sign-in, says no more than "as before", and holds for half a minute, after which the rights are read again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.contrib.sessions.models import Session
from django.db.models import Exists, Q, QuerySet, Subquery
from django.http import Http404
from django.utils import timezone

from tocsin.platform import opaque
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.notifications.knowledge import Source
from tocsin.rooms.notifications.models import Notification, Presence

HOLDS = timedelta(seconds=30)
STAYS = timedelta(seconds=75)
SHOWN, PRESENT = 3, 8
NOTHING = "-"


@dataclass(frozen=True, slots=True)
class Change:
    """One change of what a page shows: who (empty: the house) did what, and when."""

    who: str
    what: str
    at: datetime


@dataclass(frozen=True, slots=True)
class News:
    """What changed of a subject for one person; ``thing`` is its inner id, 0 for a list.

    ``meet`` lets those who look at it know of each other.
    """

    thing: int
    changes: Sequence[Change]
    more: bool = False
    meet: bool = False


@dataclass(frozen=True, slots=True)
class Subject:
    """What pages can be about: ``read`` gives the news since a moment, or raises Http404.

    ``stamps`` gives the times of change of a thing (0: of all things of a list), so that one query tells whether there
    may be news. ``lines`` are the notifications that whoever opens its page has seen.
    """

    name: str
    read: Callable[[Any, UUID | None, datetime], News]
    stamps: Callable[[int], QuerySet[Any]]
    lines: Callable[[int], Q] = lambda _thing: Q(pk=None)


_SUBJECTS: dict[str, Subject] = {}


def register_subject(subject: Subject) -> None:
    """Let a room's pages hear of changes; called when the room is made ready."""
    _SUBJECTS[subject.name] = subject


def plain_subject(source: Source, state: Callable[[Any], str]) -> Subject:
    """Make a subject of a source whose pages only tell that its state changed: ``state`` puts it into words."""

    def read(user: Any, uuid: UUID | None, since: datetime) -> News:
        found = source.visible(user).filter(uuid=uuid).first()
        if found is None:
            raise Http404(source.name)
        fresh = found.updated_at > since
        return News(found.pk, [Change("", state(found), found.updated_at)] if fresh else [])

    def stamps(thing: int) -> QuerySet[Any]:
        return QuerySet(source.model).filter(pk=thing).values("updated_at")

    return Subject(source.name, read, stamps, lambda thing: Q(source=source.name, thing=thing))


def subject_of(name: str) -> Subject | None:
    """Give a subject by its name; None when no room has one of that name."""
    return _SUBJECTS.get(name)


def tag(person: int, subject: str, thing: int, asked: str, sign_in: str) -> str:
    """Give the tag of an answer made now; ``asked`` is the address it answers, ``sign_in`` the key of the session.

    Take it before the answer is made: what changes in between is then found anew.
    """
    until = int((timezone.now() + HOLDS).timestamp())
    state = _state(person, subject, thing, sign_in)
    return opaque.shut(f"{until}|{person}|{subject}|{thing}|{_digest(asked, sign_in)}|{state}")


def holds(token: str, asked: str, sign_in: str) -> bool:
    """Tell whether an answer made earlier to the same sign-in and address is still what would be made now."""
    parts = (opaque.opened(token) or "").split("|", 5)
    if len(parts) < 6:
        return False
    until, person, subject, thing, digest, state = parts
    if int(until) < timezone.now().timestamp() or digest != _digest(asked, sign_in):
        return False
    return _state(int(person), subject, int(thing), sign_in) == state


def _digest(asked: str, sign_in: str) -> str:
    return hashlib.sha256(f"{asked}|{sign_in}".encode()).hexdigest()[:32]


def _state(person: int, subject: str, thing: int, sign_in: str) -> str:
    """Name the state of a subject and of a person's lines, in one query; empty once the sign-in has ended."""
    mine = Notification.objects.filter(person=person).order_by("-updated_at", "-id").values("updated_at")[:1]
    known = subject_of(subject)
    here = Session.objects.filter(session_key=sign_in, expire_date__gt=timezone.now())
    found = Person.objects.filter(Q(Exists(here)), pk=person, is_active=True)
    asked = [Subquery(mine)] + ([Subquery(known.stamps(thing)[:1])] if known is not None else [])
    row = found.values_list(*asked).first()
    return "" if row is None else " ".join(str(each.timestamp() if each else NOTHING) for each in row)


def present(user: Any, subject: str, thing: int) -> Sequence[str]:
    """Give who else looks at a thing now."""
    here = Presence.objects.filter(subject=subject, thing=thing, seen_at__gt=timezone.now() - STAYS)
    found = here.exclude(person=user.pk).filter(person__is_active=True).select_related("person")
    return [str(each.person) for each in found.order_by("pk")[:PRESENT]]
