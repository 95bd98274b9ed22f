"""Notices for programs: how they stand, what one's own organisations were told, and the answer to it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Any, Literal, cast
from uuid import UUID

from django.http import HttpRequest
from ninja import Field, Header, Query, Router, Schema
from ninja.errors import HttpError

from tocsin.platform.access import require, require_any
from tocsin.platform.api_lists import Items, Window, page_of
from tocsin.platform.markings import TLP
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.notices import actions, queries
from tocsin.rooms.notices.knowledge import routes
from tocsin.rooms.notices.models import OWN, VIEW, Answer, Notice, Part

PREFIX = ""
MOST = 1_000
router = Router()


class NoticeOut(Schema):
    """One notice, and how the organisations stand that the token may see."""

    uuid: UUID
    title: str
    kind: str
    severity: int
    tlp: str
    state: str
    due_at: datetime | None
    sent_at: datetime | None
    created_at: datetime
    updated_at: datetime
    standing: str

    @staticmethod
    def resolve_standing(notice: Any) -> str:
        figures: queries.Figures = notice.figures
        return figures.sentence()


class PartOut(Schema):
    """What one organisation was told, and where it stands with it."""

    uuid: UUID
    reference: str
    notice: UUID = Field(alias="notice.uuid")
    title: str = Field(alias="notice.title")
    kind: str = Field(alias="notice.kind")
    severity: int = Field(alias="notice.severity")
    tlp: str = Field(alias="notice.tlp")
    organisation: str = Field(alias="organisation.code")
    state: str
    edition: int = Field(alias="edition.number")
    settled: bool
    overdue: bool
    rung: int
    told_at: datetime | None
    due_at: datetime | None
    answered_at: datetime | None
    reason: str
    planned_for: date | None
    trouble: str
    updated_at: datetime


class PartInFull(PartOut):
    """The same with what it was told: the text in its language, its facts and no other's."""

    text: str
    changes: str
    facts: list[dict[str, Any]]


class AnswerIn(Schema):
    """What an organisation says of its part. A reason goes with the last three, a day with ``planned``."""

    kind: Literal["acknowledged", "planned", "done", "not_applicable", "refused", "question"]
    text: str = Field("", max_length=5_000)
    planned_for: date | None = None
    edition: int | None = Field(None, description="the edition that is answered; 409 when there is a newer one")


class NoticeIn(Schema):
    """A notice to write: whom it concerns follows from the list. Without texts it has those of its kind."""

    title: str = Field(min_length=1, max_length=200)
    values: str = Field(max_length=1_000_000, description="addresses, ranges, names, URLs, hashes, a line each")
    kind: str = "indicators"
    severity: int = Field(2, ge=0, le=5)
    tlp: TLP = TLP.AMBER
    texts: dict[Literal["en", "fr"], Annotated[str, Field(max_length=20_000)]] = Field({}, description="by language")


@router.post("/notices", response=NoticeOut)
def write(
    request: HttpRequest, given: NoticeIn, key: Annotated[str, Header("", alias="Idempotency-Key", max_length=100)]
) -> Notice:
    """Write a notice, as a feed does. A person looks before it is sent, but for kinds a policy sends by itself.

    Asked again with the same Idempotency-Key, it gives the notice that is there.
    """
    require(request.user, "notices.send")
    if (before := queries.asked_for(request.user, key)) is not None:
        return cast("Notice", _with_figures(request, [before])[0])
    if given.kind not in routes().kinds:
        raise HttpError(422, f"There is no kind {given.kind!r}; the kinds are {', '.join(routes().kinds)}.")
    texts = {language: {"text": text} for language, text in given.texts.items()}
    case = given.dict(include={"title", "kind", "severity", "tlp"})
    try:
        made = actions.draft_list(actor=_person(request), text=given.values, texts=texts, key=key, **case)
        if given.kind in routes().by_itself:
            actions.send_by_itself(made)
    except actions.NoticeError as error:
        raise HttpError(409, str(error)) from error
    made.refresh_from_db()
    found: Notice = _with_figures(request, [made])[0]
    return found


@router.get("/notices", response=Items[NoticeOut])
def notices(request: HttpRequest, window: Query[Window]) -> dict[str, Any]:
    """List notices, oldest change first, each with how it stands in one sentence."""
    require(request.user, VIEW)
    found, following = page_of(queries.listed(request.user), window.cursor, window.updated_since, window.limit)
    return {"items": _with_figures(request, found), "next": following}


@router.get("/notices/{uuid}", response=NoticeOut)
def notice(request: HttpRequest, uuid: UUID) -> Notice:
    """Give one notice."""
    require(request.user, VIEW)
    found: Notice = _with_figures(request, [queries.notice_or_404(request.user, uuid)])[0]
    return found


@router.get("/notices/{uuid}/parts", response=list[PartOut])
def parts(request: HttpRequest, uuid: UUID) -> Sequence[Part]:
    """Give how each organisation of a notice stands."""
    require(request.user, VIEW)
    found = queries.parts_of(request.user, queries.notice_or_404(request.user, uuid))
    return list(found.select_related("notice")[:MOST])


class Own(Window):
    """Which of one's own parts are asked for."""

    settled: bool | None = Field(None, description="only those that are settled, or that are not")


@router.get("/notice-parts", response=Items[PartOut])
def own(request: HttpRequest, chosen: Query[Own]) -> dict[str, Any]:
    """List what one's own organisations were told, oldest change first."""
    require(request.user, OWN)
    found = queries.own_parts(request.user)
    found = found if chosen.settled is None else found.filter(settled=chosen.settled)
    items, following = page_of(found, chosen.cursor, chosen.updated_since, chosen.limit)
    return {"items": items, "next": following}


@router.get("/notice-parts/{uuid}", response=PartInFull)
def part(request: HttpRequest, uuid: UUID) -> Part:
    """Give what one organisation was told."""
    require_any(request.user, (VIEW, OWN))
    found: Any = queries.part_or_404(request.user, uuid, VIEW, OWN)
    content = queries.read_content(found, found.organisation.language)
    found.text, found.changes, found.facts = content.text, content.changes, list(content.facts)
    return found  # type: ignore[no-any-return]  # a part with its content beside it


@router.post("/notice-parts/{uuid}/answer", response=PartOut)
def answer(request: HttpRequest, uuid: UUID, given: AnswerIn) -> Part:
    """Answer for one's own organisation, as its own ticket system may do."""
    require(request.user, "notices.answer")
    found = queries.part_or_404(request.user, uuid, "notices.answer")
    person = _person(request)
    if given.edition is not None and found.edition is not None and given.edition != found.edition.number:
        raise HttpError(409, f"Edition {found.edition.number} has been told since; read it, then answer.")
    said = actions.Said(given.kind, Answer.Via.PAGE, str(person), given.text, given.planned_for, author=person)
    try:
        actions.answer_signed_in(actor=person, part=found, said=said)
    except actions.NoticeError as error:
        raise HttpError(409, str(error)) from error
    return found


def _person(request: HttpRequest) -> Person:
    return cast("Person", request.user)


def _with_figures(request: HttpRequest, found: Sequence[Notice]) -> Sequence[Any]:
    standing = queries.counts(found, request.user)
    for each in found:
        each.figures = standing.get(each.pk, queries.Figures())  # type: ignore[attr-defined]  # for the answer
    return found
