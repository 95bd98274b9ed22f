"""Whose a foreign incident is, and who is meant by a foreign name: found by itself where it is plain, else asked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import QuerySet

from tocsin.platform.access import scope_of
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.constituency.models import Organisation
from tocsin.rooms.exchange import knowledge
from tocsin.rooms.exchange.models import Import
from tocsin.rooms.exchange.querysets import IMPORT

LEFT_OUT, NONE = "-", "0"
SPECIAL = (LEFT_OUT, NONE)


@dataclass(frozen=True, slots=True)
class Resolution:
    """What each name means: an organisation's inner id, `NONE` or `LEFT_OUT`; a person's inner id."""

    organisations: Mapping[str, int | str] = field(default_factory=dict)
    people: Mapping[str, int] = field(default_factory=dict)
    undecided: tuple[str, ...] = ()


def places(user: Any) -> QuerySet[Organisation]:
    """Give the organisations that the person may bring incidents in for."""
    return Organisation.objects.filter(pk__in=scope_of(user).organisations(IMPORT), active=True).order_by("code")


def _plain(name: str) -> str:
    return " ".join(name.split()).casefold()


def resolution(user: Any, load: Import) -> Resolution:
    """Give what the names in an import mean, by what was decided, decided last time, or plain."""
    known = {place.code: place for place in places(user)}
    by_name: dict[str, int] = {}
    for place in known.values():
        for name in filter(None, (place.code, place.name, place.name_fr)):
            by_name.setdefault(_plain(name), place.pk)
    before = _before(load)
    decided = before.get("organisations", {}) | load.choices.get("organisations", {})
    names = load.summary.get("organisations", {})
    found: dict[str, int | str] = {}
    for name in names:
        choice = decided.get(name)
        if choice in SPECIAL:
            found[name] = choice
        elif choice in known:
            found[name] = known[choice].pk
        elif (plain := _by_itself(name, by_name, knowledge.peers()[load.peer].organisations)) is not None:
            found[name] = plain
    people = before.get("people", {}) | load.choices.get("people", {})
    return Resolution(
        organisations=found,
        people=_people(load.summary.get("people", {}), people),
        undecided=tuple(name for name in names if name not in found),
    )


def _by_itself(name: str, by_name: Mapping[str, int], table: Mapping[str, str]) -> int | None:
    """Match a name, or the last step of a path such as ``Group > Department``."""
    for each in (table.get(name, ""), name, name.rpartition(">")[2]):
        if each and (place := by_name.get(_plain(each))) is not None:
            return place
    return None


def _before(load: Import) -> dict[str, Any]:
    """Give what the same person decided for the same source last time."""
    last = Import.objects.filter(created_by=load.created_by_id, source=load.source, state=Import.State.DONE)
    found: dict[str, Any] = last.order_by("-id").values_list("choices", flat=True).first() or {}
    return found


def _people(names: Iterable[str], decided: Mapping[str, str]) -> dict[str, int]:
    """Find the people of the house that names mean: as decided, else by user name, mail address or full name."""
    plain = {name: _plain(decided.get(name, name)) for name in names if decided.get(name, name)}
    found: dict[str, set[int]] = {}
    rows = Person.objects.filter(is_active=True).values_list("pk", "username", "email", "full_name") if plain else ()
    for pk, *called in rows:
        for each in filter(None, called):
            found.setdefault(_plain(each), set()).add(pk)
    return {name: min(found[each]) for name, each in plain.items() if len(found.get(each, ())) == 1}


def undecided(user: Any, load: Import) -> tuple[str, ...]:
    """Give the names of organisations in an import for which nothing is chosen yet."""
    return resolution(user, load).undecided
