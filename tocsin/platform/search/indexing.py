"""Bring the index up to date: what triggers have noted, and what was there before there was an index."""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Collection, Mapping
from datetime import UTC, datetime

from django.db import connection, transaction
from django.db.models import Max

from tocsin.platform.locks import make_way
from tocsin.platform.search import engine
from tocsin.platform.search.models import SearchDocument, SearchDue, SearchFill
from tocsin.platform.search.sources import LONGEST, Document, Source, all_sources
from tocsin.platform.search.watching import watch
from tocsin.platform.search.words import vector

AT_ONCE = 500
FILL_AT_ONCE = 1_000
RUN = 20.0  # seconds after which a run makes room for the next
SLOTS = 10  # bits of an id below the second
EPOCH = int(datetime(2000, 1, 1, tzinfo=UTC).timestamp())


def index() -> None:
    """Take what is due, newest changes first, then go on with the first reading; at most `RUN` seconds."""
    watch()
    until = time.monotonic() + RUN
    while time.monotonic() < until and (take_due() == AT_ONCE or fill()):
        make_way()


def take_due() -> int:
    """Read anew the things that have changed, `AT_ONCE` notes of them; give how many notes there were."""
    with transaction.atomic():
        noted = list(SearchDue.objects.order_by("id")[:AT_ONCE].values_list("id", "source", "thing"))
        if not noted:
            return 0
        things: dict[str, set[int]] = {}
        for _pk, source, thing in noted:
            things.setdefault(source, set()).add(thing)
        for name, asked in things.items():
            if name in all_sources():
                _renew(all_sources()[name], asked)
        SearchDue.objects.filter(pk__in=[pk for pk, *_what in noted]).delete()
    return len(noted)


def fill() -> int:
    """Read the next things of a source that was not read yet, the highest room first; 0 when all are."""
    with transaction.atomic():
        undone = {each.source: each for each in SearchFill.objects.filter(done=False)}
        left = next((undone[name] for name in reversed([*all_sources()]) if name in undone), None)
        if left is None:
            return 0
        source = all_sources()[left.source]
        things = source.model._default_manager.order_by("pk")
        left.until = left.until or things.aggregate(last=Max("pk"))["last"] or 0
        rest = things.filter(pk__gt=left.reached, pk__lte=left.until)
        asked: list[int] = list(rest.values_list("pk", flat=True)[:FILL_AT_ONCE])
        _renew(source, asked)
        left.reached = asked[-1] if asked else left.until
        left.done = not asked or left.reached >= left.until
        left.save()
    return len(asked) or 1


def progress() -> int:
    """Give how much of what there is can be found, in per cent: 100 once everything was read."""
    fills = list(SearchFill.objects.filter(done=False))
    if not fills:
        return 100
    known = len(all_sources()) or 1
    share = sum(each.reached / each.until for each in fills if each.until)
    return int(100 * (known - len(fills) + share) / known)


def refill() -> None:
    """Have everything read again from the beginning; what is found meanwhile stays."""
    SearchFill.objects.update(reached=0, until=0, done=False)


def _renew(source: Source, things: Collection[int]) -> None:
    """Make the documents of things what they are now, writing only those that changed."""
    if not things:
        return
    wanted = {(each.thing, each.part): each for each in source.documents(things)}
    kept = SearchDocument.objects.filter(source=source.name, thing__in=things)
    rows = kept.values_list("thing", "part", "id", "digest")
    known = {(thing, part): (pk, digest) for thing, part, pk, digest in rows}
    digests = {key: _digest(each) for key, each in wanted.items()}
    stale = {key: known[key][0] for key in known if key not in wanted or digests[key] != known[key][1]}
    if stale:
        SearchDocument.objects.filter(pk__in=stale.values()).delete()
    new = [key for key in wanted if key not in known or key in stale]
    ids = _ids({key: wanted[key].at for key in new if key not in stale})
    engine.keep([_row(source, wanted[key], stale[key] if key in stale else ids[key], digests[key]) for key in new])


def _row(source: Source, each: Document, pk: int, digest: str) -> engine.Row:
    tokens = _tokens(each)
    title, text = each.title.replace("\0", ""), each.text[:LONGEST].replace("\0", "")
    return engine.Row(
        id=pk,
        source=source.name,
        thing=each.thing,
        part=each.part,
        kind=each.kind,
        title=title,
        text=text,
        readers=" ".join(sorted(tokens)),
        digest=digest,
        words=vector(title, text, tokens) if connection.vendor == "postgresql" else "",
    )


def _tokens(each: Document) -> set[str]:
    return {*each.readers, kind_token(each.kind), *map(place_token, each.places)}


def kind_token(kind: str) -> str:
    """Give the token of all documents of a kind."""
    return f"k{kind}"


def place_token(organisation: int) -> str:
    """Give the token of all documents about an organisation (inner id)."""
    return f"o{organisation}"


def _digest(each: Document) -> str:
    told = "\0".join((each.kind, each.title, each.text, *sorted(_tokens(each))))
    return hashlib.sha256(told.encode(errors="replace")).hexdigest()[:32]


def first_id(at: datetime) -> int:
    """Give the least id of a document of that second, counted from the year 2000."""
    return max(int(at.timestamp()) - EPOCH, 0) << SLOTS


def moment(pk: int) -> datetime:
    """Give the second that a document is of."""
    return datetime.fromtimestamp((pk >> SLOTS) + EPOCH, UTC)


def _ids(times: Mapping[tuple[int, str], datetime]) -> dict[tuple[int, str], int]:
    """Draw an id for each document among those of its second, and of the following ones where that is full."""
    drawn: dict[tuple[int, str], int] = {}
    used: set[int] = set()
    left = list(times)
    reach = 1 << SLOTS
    while left:
        tried: dict[int, tuple[int, str]] = {}
        for key in left:
            tried.setdefault(first_id(times[key]) + secrets.randbelow(reach), key)
        taken = set(SearchDocument.objects.filter(pk__in=tried).values_list("pk", flat=True)) | used
        free = {key: pk for pk, key in tried.items() if pk not in taken}
        drawn |= free
        used.update(free.values())
        if len(free) * 2 < len(left):
            reach *= 2
        left = [key for key in left if key not in drawn]
    return drawn
