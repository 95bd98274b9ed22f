"""Search for programs."""

from __future__ import annotations

from datetime import datetime

from django.http import HttpRequest
from ninja import Field, Query, Router, Schema

from tocsin.platform.access import require_any
from tocsin.platform.search.results import MOST, search
from tocsin.rooms.find import queries

PREFIX = "/search"
VERBS = (
    "incidents.view",
    "incidents.part",
    "alerts.view",
    "notices.view",
    "notices.part",
    "rules.view",
    "constituency.view",
)
router = Router()


class Wanted(Schema):
    """What is asked for."""

    q: str = Field(description='words, "words in quotation marks", addresses; the last word may be unfinished')
    kind: str = Field("", description="only this kind of text, such as note or observable")
    organisation: str = Field("", description="code of an organisation that it is about")
    span: str = Field("", description="day, week, month or year")
    start: int = Field(0, ge=0, le=MOST, description="which result comes first")


class ResultOut(Schema):
    """One thing that was found."""

    title: str
    url: str
    reference: str
    kind: str
    state: str
    at: datetime
    passages: list[str]


class ResultsOut(Schema):
    """The best results; ``more`` when only the newest matches were looked at."""

    count: int
    more: bool
    kinds: dict[str, int]
    items: list[ResultOut]


@router.get("", response=ResultsOut, summary="Search everything one may see")
def find(request: HttpRequest, wanted: Query[Wanted]) -> ResultsOut:
    """Give the twenty best results from ``start`` on: what is named so first, then the newest."""
    require_any(request.user, VERBS)
    given = {name: str(value) for name, value in wanted.dict().items()}
    results = search(request.user, queries.asked(given), wanted.start)
    items = [
        ResultOut(
            title=each.found.title,
            url=each.found.url,
            reference=each.found.reference,
            kind=each.kind,
            state=each.found.state,
            at=each.at,
            passages=["".join(piece for piece, _marked in passage.pieces) for passage in each.passages],
        )
        for each in results.shown
    ]
    return ResultsOut(count=results.count, more=results.more, kinds=dict(results.kinds), items=items)
