"""What was said in the conversations about a matter, one query each. The room of the matter says who may read what."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from tocsin.rooms.constituency.models import Organisation
from tocsin.rooms.notices.models import Answer, Letter, Remark, Telling, Thread, ThreadMail

MOST = 500  # of each sort in one conversation; what is older stands in the notices and in the timeline


def threads_about(user: Any, matter: UUID) -> list[Thread]:
    """Give the conversations about a matter, the last changed first."""
    found = Thread.objects.unsealed_for(user).filter(matter=matter).select_related("organisation")
    return list(found.order_by("-updated_at", "-pk")[:MOST])


def threads_waiting(user: Any, matters: Collection[UUID]) -> list[tuple[UUID, int | None]]:
    """Give the matters whose conversations wait for the house, and with which organisation (inner id) each is."""
    found = Thread.objects.unsealed_for(user).filter(matter__in=matters, last__in=Thread.WAITING)
    return list(found.values_list("matter", "organisation"))


def threads_of(matter: UUID, organisations: Collection[int] | None = None) -> QuerySet[Thread]:
    """Give all conversations about a matter, whoever may read them; with ``organisations``, those with one of these."""
    found = Thread.objects.filter(matter=matter).order_by("pk")
    return found if organisations is None else found.filter(organisation__in=organisations)


def mails_in(threads: Collection[Thread]) -> list[ThreadMail]:
    """Give our mails, the last ones, oldest first."""
    found = ThreadMail.objects.filter(thread__in=threads).select_related("message", "written_by").defer("message__key")
    return list(found.order_by("-pk")[:MOST])[::-1]


def remarks_in(threads: Collection[Thread]) -> list[Remark]:
    """Give what was written in the page, oldest first."""
    return list(Remark.objects.filter(thread__in=threads).select_related("author").order_by("-pk")[:MOST])[::-1]


def tellings_about(matter: UUID) -> list[Telling]:
    """Give what organisations were told about a matter in notices and messages, oldest first."""
    found = Telling.objects.filter(part__notice__matter=matter)
    found = found.select_related("part__organisation", "part__notice", "edition", "message", "told_by")
    return list(found.order_by("-pk")[:MOST])[::-1]


def letters_from(threads: Collection[Thread], organisation: Organisation | None, matter: UUID) -> list[Letter]:
    """Give what came in by mail: in conversations, and in answer to notices about the matter; oldest first."""
    found = Letter.objects.filter(thread__in=threads)
    if organisation is not None:
        found |= Letter.objects.filter(part__organisation=organisation, part__notice__matter=matter)
    return list(found.select_related("part").order_by("-pk")[:MOST])[::-1]


def answers_of(organisation: Organisation, matter: UUID) -> list[Answer]:
    """Give what an organisation answered in the page, by the link or on the telephone; oldest first."""
    found = Answer.objects.filter(part__organisation=organisation, part__notice__matter=matter, letter=None)
    return list(found.select_related("author").order_by("-pk")[:MOST])[::-1]
