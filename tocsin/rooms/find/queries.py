"""What a person asks for, and by what the results can be narrowed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from tocsin.platform.search.results import SPANS, Asked, Results
from tocsin.platform.search.sources import kinds
from tocsin.rooms.constituency.models import Organisation

LONGEST = 500  # characters that are read of what a person types
PLACES = 12  # organisations offered
NOWHERE = 0  # no organisation has this id
FILTERS = ("kind", "organisation", "span")


@dataclass(frozen=True, slots=True)
class Choice:
    """One way to narrow the results: what it is called, how many there are, the query that does it or takes it back."""

    name: str | Promise
    count: int
    query: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Facet:
    """The choices of one sort."""

    name: str | Promise
    choices: Sequence[Choice]


def asked(given: Mapping[str, str]) -> Asked:
    """Read what a person asks for; an organisation that does not exist matches nothing."""
    code = given.get("organisation", "")
    place = Organisation.objects.filter(code=code).values_list("pk", flat=True).first() if code else None
    return Asked(
        text=given.get("q", "")[:LONGEST].replace("\0", " "),
        kind=given.get("kind", ""),
        place=(place or NOWHERE) if code else None,
        span=given.get("span", ""),
    )


def facets(user: Any, given: Mapping[str, str], results: Results) -> list[Facet]:
    """Give the ways to narrow results: by kind, by organisation within the person's reach, by time."""
    known = Organisation.objects.visible_to(user).filter(pk__in=results.places).only("code")
    codes = {organisation.pk: organisation.code for organisation in known}
    places = sorted(((results.places[pk], code) for pk, code in codes.items()), key=lambda each: (-each[0], each[1]))
    return [
        Facet(name, made)
        for name, made in (
            (_("What"), [_choice(given, "kind", kind, kinds()[kind], n) for kind, n in results.kinds.items()]),
            (_("Organisation"), [_choice(given, "organisation", code, code, n) for n, code in places[:PLACES]]),
            (_("When"), [_choice(given, "span", key, SPANS[key][1], n) for key, n in results.spans.items() if n]),
        )
        if made
    ]


def _choice(given: Mapping[str, str], field: str, value: str, name: str | Promise, count: int) -> Choice:
    chosen = given.get(field) == value
    kept = {key: given[key] for key in ("q", *FILTERS) if given.get(key) and key != field}
    return Choice(name, count, urlencode(kept if chosen else kept | {field: value}), chosen)


def further(given: Mapping[str, str], start: int) -> str:
    """Give the query for the results from the ``start``-th on."""
    return urlencode({key: given[key] for key in ("q", *FILTERS) if given.get(key)} | {"from": start})


def widened(given: Mapping[str, str]) -> str:
    """Give the query without anything that narrows it."""
    return urlencode({"q": given.get("q", "")})


def start_of(text: str, most: int) -> int:
    """Read from which result on; what is no number of a result means the first."""
    return min(int(text), most) if text.isascii() and text.isdigit() and len(text) < 6 else 0
