"""What notices are about in the rooms above: an incident, say. Those rooms tell who may know of it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet, prefetch_related_objects
from django.http import Http404

from tocsin.platform.access import scope_of
from tocsin.rooms.notices.knowledge import MESSAGE
from tocsin.rooms.notices.models import OWN, VIEW, Letter, Notice, Part, Telling, ThreadMail, unsealed_for
from tocsin.rooms.notices.queries.following import Figures, figures

Reading = Letter.Reading
BY_PEOPLE = (
    Reading.ACKNOWLEDGED, Reading.NOT_APPLICABLE, Reading.PLANNED, Reading.DONE, Reading.REFUSED, Reading.QUESTION,
    Reading.UNCLEAR,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Matter:
    """What a notice is about. When it is ``sealed``, nobody but the people ``named`` (inner ids) may know of either."""

    kind: str
    uuid: UUID
    sealed: bool = False
    named: frozenset[int] = frozenset()

    @property
    def written(self) -> str:
        """Give it as forms carry it."""
        return f"{self.kind}:{self.uuid}"


Finder = Callable[[Any, UUID, bool], Matter | None]
Listener = Callable[[UUID, Letter], None]
FailureListener = Callable[[UUID, ThreadMail], None]
_FINDERS: dict[str, Finder] = {}
_LISTENERS: dict[str, Listener] = {}
_FAILURES: dict[str, FailureListener] = {}


def register(kind: str, finder: Finder, listener: Listener, on_failure: FailureListener) -> None:
    """Let a room above say which matters of a kind a person may write notices about, and hear of letters about them.

    The listener is called in the transaction that takes a letter which people wrote, ``on_failure`` in that which
    notes that a mail of a conversation did not arrive.
    """
    _FINDERS[kind], _LISTENERS[kind], _FAILURES[kind] = finder, listener, on_failure


def held(user: Any, matter: Matter) -> Matter | None:
    """Hold a matter for this transaction, so that nobody seals it meanwhile, and give it as it is now.

    None when the person may not write about it any more.
    """
    return _FINDERS[matter.kind](user, matter.uuid, True)


def tell_room(letter: Letter) -> None:
    """Tell the room of its matter that somebody has written."""
    if letter.reading not in BY_PEOPLE:
        return
    about = letter.thread or (letter.part.notice if letter.part is not None else None)
    if about is not None and about.matter is not None:
        _LISTENERS[about.matter_kind](about.matter, letter)


def tell_of_failure(mail: ThreadMail) -> None:
    """Tell the room of its matter that a mail of a conversation did not arrive."""
    _FAILURES[mail.thread.matter_kind](mail.thread.matter, mail)


def matter_or_404(user: Any, written: str) -> Matter | None:
    """Give the matter that a form names, if the person may write about it; None when it names none."""
    if not written:
        return None
    kind, _colon, uuid = written.partition(":")
    try:
        found = _FINDERS[kind](user, UUID(uuid), False)
    except (KeyError, ValueError) as error:
        raise Http404("matter") from error
    if found is None:
        raise Http404("matter")
    return found


@dataclass(frozen=True, slots=True)
class Told:
    """What was told about a matter: notices, each with how it stands, and messages with receipts and what came back."""

    notices: Sequence[tuple[Notice, Figures]]
    messages: Sequence[Part]


def about(user: Any, matter: UUID) -> Told:
    """Give what was told about a matter, as far as the person may know of it, the newest first."""
    written = list(Notice.objects.filter(matter=matter).values_list("pk", flat=True))
    if not written:  # of most matters nothing is told
        return Told((), ())
    scope = scope_of(user)
    reach = Q(organisation__in=scope.organisations(VIEW)) | Q(
        organisation__in=scope.organisations(OWN), told_at__isnull=False
    )
    found = Part.objects.filter(reach, unsealed_for(scope, "notice__"), notice__in=written)
    parts = list(found.select_related("notice", "organisation").order_by("-notice", "pk"))
    messages = [part for part in parts if part.notice.kind == MESSAGE]
    prefetch_related_objects(
        messages,
        Prefetch("tellings", Telling.objects.select_related("message").order_by("pk")),
        Prefetch("letters", Letter.objects.filter(reading__in=BY_PEOPLE).order_by("pk")),
    )
    others = groupby((part for part in parts if part.notice.kind != MESSAGE), key=attrgetter("notice"))
    return Told([(notice, _standing(each)) for notice, each in others], messages)


def of_matter(matter: UUID, organisations: Collection[int] | None = None) -> QuerySet[Notice]:
    """Give all notices about a matter, whoever may see them; with ``organisations``, those that concern no other."""
    found = Notice.objects.filter(matter=matter).order_by("pk")
    if organisations is None:
        return found
    here = Part.objects.filter(notice=OuterRef("pk"))
    return found.filter(Exists(here.filter(organisation__in=organisations))).exclude(
        Exists(here.exclude(organisation__in=organisations))
    )


@dataclass(frozen=True, slots=True)
class Unanswered:
    """What about a matter still waits: organisations that have not answered, and mails that nobody has read yet."""

    parts: Sequence[Part]
    letters: Sequence[Letter]


def unanswered(user: Any, matter: UUID) -> Unanswered:
    """Give what still waits about a matter, as far as the person may know of it."""
    mine = Part.objects.visible_to(user).filter(notice__matter=matter).select_related("notice", "organisation")
    letters = Letter.objects.filter(waiting=True, part__in=mine.values("pk")).select_related("part__notice")
    told = mine.filter(settled=False, notice__sent_at__isnull=False).exclude(notice__kind=MESSAGE)
    return Unanswered(list(told.order_by("pk")), list(letters.order_by("pk")))


def matters_unanswered(user: Any, matters: Collection[UUID]) -> set[UUID]:
    """Give those of some matters about which something still waits, as far as the person may know of it."""
    mine = Part.objects.visible_to(user).filter(notice__matter__in=matters)
    letters = Letter.objects.filter(waiting=True, part__in=mine.values("pk"))
    told = mine.filter(settled=False, notice__sent_at__isnull=False).exclude(notice__kind=MESSAGE)
    found = {*told.values_list("notice__matter", flat=True), *letters.values_list("part__notice__matter", flat=True)}
    return {matter for matter in found if matter is not None}


def _standing(parts: Iterable[Part]) -> Figures:
    return figures((part.state, 1, int(part.overdue)) for part in parts)
