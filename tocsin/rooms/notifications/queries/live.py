"""News of open pages: what changed there since a page was made, and a tag by which most answers need not be made.

Making an answer asks the database about twelve times. Its tag therefore names the state that it was made of, and while
one query finds this state unchanged, nothing is made anew. A tag opens nothing: it is bound to one sign-in, says no
more than "as before", and every minute the rights are read again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

from django.contrib.sessions.models import Session
from django.db import connection
from django.db.models import Exists, Model, Q, QuerySet, Subquery
from django.http import Http404
from django.utils import timezone

from tocsin.platform import opaque
from tocsin.platform.access import scope_of
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.notifications.knowledge import Source
from tocsin.rooms.notifications.models import Notification, Presence

HOLDS = timedelta(seconds=60)  # between two readings of the rights
ANEW = timedelta(minutes=10)  # between two answers, even when nothing changed
STAYS = 2 * HOLDS + timedelta(seconds=15)
SHOWN, PRESENT = 3, 8
PERSON, THING, SIGN_IN = 2_000_000_001, UUID(int=2_000_000_002), "the sign-in"  # stand for the parameters of a question


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
    """What pages can be about, a thing or (without uuid) a list of things of a model with ``updated_at``.

    ``read`` gives the news since a moment, or raises Http404. ``lines`` are the notifications that whoever opens the
    page of a thing has seen.
    """

    name: str
    model: type[Model]
    read: Callable[[Any, UUID | None, datetime], News]
    lines: Callable[[int], Q] = lambda _thing: Q(pk=None)

    def stamps(self, uuid: UUID | None) -> QuerySet[Any]:
        """Give when a thing was changed last, whoever asks; without uuid the newest of all."""
        found: QuerySet[Any, Any] = QuerySet(self.model).values("updated_at")
        return found.filter(uuid=uuid) if uuid else found.order_by("-updated_at", "-id")[:1]


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

    return Subject(source.name, source.model, read, lambda thing: Q(source=source.name, thing=thing))


def subject_of(name: str) -> Subject | None:
    """Give a subject by its name; None when no room has one of that name."""
    return _SUBJECTS.get(name)


@dataclass(frozen=True, slots=True)
class Tag:
    """What an answer was made of: for whom, about what, with which rights (their digest), in which state of things.

    ``asked`` is the digest of the address and the sign-in that it answers.
    """

    person: int
    subject: str
    uuid: str
    thing: int
    asked: str
    rights: str
    meet: bool
    made: int  # seconds since 1970
    read: int  # when the rights were read last
    state: str

    def shut(self) -> str:
        """Give it as text that nobody reads or forges."""
        told = (
            self.person,
            self.subject,
            self.uuid,
            self.thing,
            self.asked,
            self.rights,
            int(self.meet),
            self.made,
            self.read,
        )
        return opaque.shut("|".join(map(str, (*told, self.state))))

    @classmethod
    def opened(cls, token: str, asked: str, sign_in: str) -> Tag | None:
        """Give a tag that was made for this address and this sign-in; None when it was not, or too long ago."""
        parts = (opaque.opened(token) or "").split("|", 9)
        if len(parts) < 10 or parts[4] != _digest(asked, sign_in):
            return None
        person, subject, uuid, thing, digest, rights, meet, made, read, state = parts
        found = cls(int(person), subject, uuid, int(thing), digest, rights, meet == "1", int(made), int(read), state)
        return found if found.made > timezone.now().timestamp() - ANEW.total_seconds() else None

    def unchanged(self, sign_in: str) -> bool:
        """Tell whether things stand as they did; one query."""
        return bool(self.state) and _state(self.person, self.subject, self.uuid, sign_in) == self.state

    def fresh(self) -> bool:
        """Tell whether the rights were read so lately that they need not be read again to say that nothing is new."""
        return self.read > timezone.now().timestamp() - HOLDS.total_seconds()

    def renewed(self, user: Any, sign_in: str) -> Tag | None:
        """Give the tag for another while, if the person's rights and the state of things are as they were."""
        if user.pk != self.person or _rights(user) != self.rights or not self.unchanged(sign_in):
            return None
        return replace(self, read=int(timezone.now().timestamp()))


def tag(user: Any, subject: str, uuid: UUID | None, asked: str, sign_in: str) -> Tag:
    """Give the tag of an answer, before it is made: what changes meanwhile is then found the next time."""
    now, name = int(timezone.now().timestamp()), uuid.hex if uuid else ""
    state = _state(user.pk, subject, name, sign_in)
    return Tag(user.pk, subject, name, 0, _digest(asked, sign_in), _rights(user), False, now, now, state)


def _digest(*texts: str) -> str:
    return hashlib.sha256("|".join(texts).encode(errors="replace")).hexdigest()[:32]


def _rights(user: Any) -> str:
    grants = (
        f"{each.role} {each.team} {each.everything} {sorted(each.organisations)}" for each in scope_of(user).grants
    )
    return _digest(*sorted(grants))


def _state(person: int, subject: str, uuid: str, sign_in: str) -> str:
    """Name the state of a subject, of who looks at it and of a person's lines; empty once the sign-in has ended."""
    statement, names = _statement(subject, one=bool(uuid))
    given: dict[Any, Any] = {"person": person, "thing": uuid, "sign_in": sign_in}
    with connection.cursor() as cursor:
        cursor.execute(statement, [given.get(name, name) for name in names])
        row = cursor.fetchone()
    return "" if row is None else " ".join(str(each) for each in row)


@cache
def _statement(subject: str, *, one: bool) -> tuple[str, tuple[Any, ...]]:
    """Give the question after the state as SQL, with the names of its parameters.

    Django writes it, once: writing it takes ten times as long as asking it.
    """
    names: dict[Any, str] = {PERSON: "person", THING: "thing", THING.hex: "thing", SIGN_IN: "sign_in"}
    thing = THING if one else None
    mine = Notification.objects.filter(person=PERSON).order_by("-updated_at", "-id").values("updated_at")[:1]
    asked = [Subquery(mine)]
    if (known := subject_of(subject)) is not None:
        asked.append(Subquery(known.stamps(thing)))
    if one and known is not None:
        about: QuerySet[Any, Any] = QuerySet(known.model).filter(uuid=THING).values("pk")
        looks = Presence.objects.filter(subject=subject, thing__in=about).order_by("-id").values("id")[:1]
        asked.append(Subquery(looks))
    here = Session.objects.filter(session_key=SIGN_IN)
    found = Person.objects.filter(Q(Exists(here)), pk=PERSON, is_active=True).values_list(*asked)
    statement, parameters = found.query.sql_with_params()
    return statement, tuple(names.get(each, each) for each in parameters)


def present(user: Any, subject: str, thing: int) -> Sequence[str]:
    """Give who else looks at a thing now."""
    here = Presence.objects.filter(subject=subject, thing=thing, seen_at__gt=timezone.now() - STAYS)
    found = here.exclude(person=user.pk).filter(person__is_active=True).select_related("person")
    return [str(each.person) for each in found.order_by("pk")[:PRESENT]]
