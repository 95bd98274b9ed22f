"""Answer what a person asks: the newest documents with all words, what is named so before what only mentions it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from tocsin.platform.search.engine import newest
from tocsin.platform.search.indexing import first_id, kind_token, moment, place_token
from tocsin.platform.search.models import SearchDocument
from tocsin.platform.search.sources import Found, all_sources, kinds
from tocsin.platform.search.words import Term, folded, holds, terms, words

MOST = 1_000  # documents that are looked at, the newest
SHOWN = 20
BEFORE, AFTER = 60, 140  # characters of a text around what was found
PLACE = "o"
SPANS: Mapping[str, tuple[timedelta, Promise]] = {
    "day": (timedelta(days=1), _("last 24 hours")),
    "week": (timedelta(days=7), _("last 7 days")),
    "month": (timedelta(days=30), _("last 30 days")),
    "year": (timedelta(days=365), _("last year")),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What a person asks for: words, and a kind, an organisation (inner id) or a span of time to stay within."""

    text: str
    kind: str = ""
    place: int | None = None
    span: str = ""


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of a text, cut into what was found and what stands around it."""

    kind: str
    at: datetime
    pieces: tuple[tuple[str, bool], ...]


@dataclass(frozen=True, slots=True)
class Result:
    """A thing that was found, with the best passages."""

    found: Found
    kind: str
    at: datetime
    passages: Sequence[Passage]


@dataclass(frozen=True, slots=True)
class Results:
    """The best results, and how many of all that was found are of which kind, place (inner id) and span of time."""

    shown: Sequence[Result] = ()
    count: int = 0
    more: bool = False  # than were looked at
    kinds: Mapping[str, int] = field(default_factory=dict)
    places: Mapping[int, int] = field(default_factory=dict)
    spans: Mapping[str, int] = field(default_factory=dict)


_Thing = tuple[str, int]  # a source, and the inner id there


class _Hit(NamedTuple):
    pk: int
    source: str
    thing: int
    kind: str
    title: str
    readers: str


def search(user: Any, asked: Asked, start: int = 0) -> Results:
    """Give what the person may see of what is asked for, from the ``start``-th result on.

    A query for what matches and one for the texts shown, and a few for each source that has something. The rooms are
    asked once more what the person may see: what the index gives may have been sealed since.
    """
    wanted = terms(asked.text)
    tokens = [token for source in all_sources().values() for token in source.readers(user)]
    also = []
    if asked.kind in kinds():
        also.append([kind_token(asked.kind)])
    if asked.place is not None:
        also.append([place_token(asked.place)])
    since = timezone.now() - SPANS[asked.span][0] if asked.span in SPANS else None
    hits = [_Hit(*row) for row in newest(wanted, tokens, also, first_id(since) if since else 0, MOST)]
    of: defaultdict[_Thing, list[_Hit]] = defaultdict(list)
    for hit in hits:
        of[hit.source, hit.thing].append(hit)
    known = {(name, thing) for name, asked in _by_source(of) for thing in all_sources()[name].ids(user, asked)}
    return _results(user, {key: of[key] for key in of if key in known}, wanted, start, more=len(hits) == MOST)


def _by_source(keys: Iterable[_Thing]) -> Iterable[tuple[str, set[int]]]:
    things: defaultdict[str, set[int]] = defaultdict(set)
    for name, thing in keys:
        things[name].add(thing)
    return things.items()


def _results(
    user: Any, of: Mapping[_Thing, Sequence[_Hit]], wanted: Sequence[Term], start: int, *, more: bool
) -> Results:
    ranked = sorted(of, key=lambda key: (-max(_weight(hit, wanted) for hit in of[key]), -of[key][0].pk))
    shown = ranked[start : start + SHOWN]
    found = {
        (name, thing): one
        for name, asked in _by_source(shown)
        for thing, one in all_sources()[name].visible(user, asked).items()
    }
    texts = _texts([hit.pk for key in shown for hit in of[key][:20]])
    return Results(
        shown=[_result(found[key], of[key], texts, wanted) for key in shown if key in found],
        count=len(of),
        more=more,
        kinds=Counter(kind for key in of for kind in {hit.kind for hit in of[key]}),
        places=Counter(place for key in of for place in {place for hit in of[key] for place in _places(hit)}),
        spans={name: sum(of[key][0].pk >= least for key in of) for name, least in _leasts().items()},
    )


def _leasts() -> dict[str, int]:
    now = timezone.now()
    return {name: first_id(now - span) for name, (span, _label) in SPANS.items()}


def _places(hit: _Hit) -> list[int]:
    return [int(token[1:]) for token in hit.readers.split() if token.startswith(PLACE)]


def _weight(hit: _Hit, wanted: Sequence[Term]) -> int:
    """Weigh a hit: 2 when a thing is called so from its first word, 1 when its name has all words, 0 otherwise."""
    if not hit.title:
        return 0
    title = words(hit.title)
    if not all(holds(term, title) for term in wanted):
        return 0
    return 2 if holds(wanted[0], title[: len(wanted[0].words)]) else 1


def _texts(ids: Sequence[int]) -> Mapping[int, tuple[str, str]]:
    rows = SearchDocument.objects.filter(pk__in=ids).values_list("id", "kind", "text")
    return {pk: (kind, text) for pk, kind, text in rows if text}


def _result(found: Found, hits: Sequence[_Hit], texts: Mapping[int, tuple[str, str]], wanted: Sequence[Term]) -> Result:
    told = [(hit.pk, *texts[hit.pk]) for hit in hits if hit.pk in texts]
    passages = [Passage(kind, moment(pk), pieces(text, wanted)) for pk, kind, text in told]
    telling = [passage for passage in passages if any(marked for _text, marked in passage.pieces)]
    return Result(found, hits[0].kind, moment(hits[0].pk), telling[:2])


def pieces(text: str, wanted: Sequence[Term]) -> tuple[tuple[str, bool], ...]:
    """Cut a passage of a text around the first thing that was asked for into pieces, marked or not."""
    plain = folded(text)
    if len(plain) != len(text):  # a letter that is two without its accent: where things stand would not be right
        plain = text.lower()
    spans = sorted(_spans(plain, {word for term in wanted for word in term.words}))
    if not spans:
        return ((text[: BEFORE + AFTER], False),)
    start = max(spans[0][0] - BEFORE, 0)
    end = start + BEFORE + AFTER
    cut: list[tuple[str, bool]] = [("… ", False)] if start else []
    at = start
    for first, last in spans:
        if first >= at and last <= end:
            cut += [(text[at:first], False), (text[first:last], True)]
            at = last
    cut.append((text[at:end] + (" …" if end < len(text) else ""), False))
    return tuple((piece, marked) for piece, marked in cut if piece)


def _spans(plain: str, asked: set[str]) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for word in asked:
        at = plain.find(word)
        while at >= 0 and len(found) < 200:
            if at == 0 or not plain[at - 1].isalnum():
                found.append((at, at + len(word)))
            at = plain.find(word, at + len(word))
    return found
