"""Who is told of something at an organisation, and why they and not somebody else. Pure: nothing is read here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from django.db import models
from django.utils.translation import gettext_lazy as _

from tocsin.rooms.constituency.models import ROLE_NAMES
from tocsin.rooms.notices.knowledge import Case, Routes, route_for
from tocsin.rooms.notices.queries.directory import Desk, Directory, Place, Way

TOOL = "tool"


class Trouble(models.TextChoices):
    """Why a desk was passed over, or used all the same."""

    NOBODY = "nobody", _("nobody holds this role")
    NO_ADDRESS = "no_address", _("no address is known")
    BOUNCING = "bouncing", _("mail came back")
    ABSENT = "absent", _("absent")
    NO_KEY = "no_key", _("mail must be encrypted, and the key has expired")
    TRIED = "tried", _("was not reached this time")
    EXPIRED = "expired", _("not confirmed for 90 days")


@dataclass(frozen=True, slots=True)
class Step:
    """One look for somebody: in which role, where, and what was found."""

    organisation: str
    role: str
    desk: Desk | None
    trouble: str = ""

    @property
    def role_name(self) -> object:
        """Give the role in words."""
        return ROLE_NAMES.get(self.role, self.role)

    @property
    def words(self) -> str:
        """Say what stood against it; empty when nothing did."""
        return str(Trouble(self.trouble).label) if self.trouble else ""


@dataclass(frozen=True, slots=True)
class Told:
    """Who would be told for one role of the route, with every look that led there; no desk: nobody could be found."""

    role: str
    desk: Desk | None
    steps: tuple[Step, ...]
    language: str = ""
    ways: tuple[Way, ...] = ()

    @property
    def role_name(self) -> object:
        """Give the role in words."""
        return ROLE_NAMES.get(self.role, self.role)

    @property
    def stale(self) -> bool:
        """Tell whether the desk was taken although nobody has confirmed it for long."""
        return bool(self.steps) and self.steps[-1].trouble == Trouble.EXPIRED


@dataclass(frozen=True, slots=True)
class Routed:
    """The route of one case: its name and whom it reaches."""

    route: str
    told: tuple[Told, ...]

    @property
    def reached(self) -> tuple[Told, ...]:
        """Give those who would be told, each desk once."""
        seen: dict[str, Told] = {}
        for each in self.told:
            if each.desk is not None:
                seen.setdefault(each.desk.address.lower(), each)
        return tuple(seen.values())


def resolve(
    kind: str, severity: int, place: Place, at: datetime, known: Directory, routes: Routes,
    avoid: frozenset[str] = frozenset(),
) -> Routed:  # fmt: skip
    """Find who is told of a case at ``place``: of each role of the route one desk, with fallbacks, explained.

    Its own tools are told beside them: they help people, and stand in for nobody.
    ``avoid`` are addresses, in lower case, that were tried and not reached.
    """
    case = Case(kind, severity, frozenset(place.lineage), at, place.timezone)
    route = route_for(case, routes)
    if route is None:
        return Routed("", ())
    people = reach(route.to, place, at, known, routes.fallback, avoid, route.also)
    tools = (
        Told(TOOL, desk, (Step(place.code, TOOL, desk),), desk.language or place.language, desk.ways())
        for desk in known.at(place.code, TOOL)
        if desk.address.lower() not in avoid
    )
    return Routed(route.name, (*people, *tools))


def reach(
    roles: Sequence[str],
    place: Place,
    at: datetime,
    known: Directory,
    fallback: Mapping[str, Sequence[str]] = MappingProxyType({}),
    avoid: frozenset[str] = frozenset(),
    also: Sequence[str] = (),
) -> tuple[Told, ...]:
    """Find one desk for each role, there or above; roles of ``fallback`` stand in there before going up.

    They are told by mail, and by the channels named in ``also``.
    """
    return tuple(
        _told(role, place, list(_looks(role, place, at, known, fallback.get(role, ()), avoid)), also) for role in roles
    )


def _told(role: str, place: Place, looks: Sequence[Step], also: Sequence[str]) -> Told:
    for number, step in enumerate(looks):
        if step.desk is not None and not step.trouble:
            return _at(step.desk, role, place, looks[: number + 1], also)
    expired = next((step for step in looks if step.trouble == Trouble.EXPIRED), None)
    if expired is not None and expired.desk is not None:  # better an address of last year than nobody
        return _at(expired.desk, role, place, (*looks, expired), also)
    return Told(role, None, tuple(looks))


def _at(desk: Desk, role: str, place: Place, looks: Sequence[Step], also: Sequence[str]) -> Told:
    return Told(role, desk, tuple(looks), desk.language or place.language, desk.ways(also))


def _looks(
    role: str, place: Place, at: datetime, known: Directory, fallback: Sequence[str], avoid: frozenset[str]
) -> Iterator[Step]:
    """Look in the role, then in those that stand in for it; first at the organisation, then at each one above."""
    for code in place.lineage:
        for wanted in dict.fromkeys((role, *fallback)):
            desks = known.at(code, wanted)
            if not desks:
                yield Step(code, wanted, None, Trouble.NOBODY)
            for desk in desks:
                tried = desk.address.lower() in avoid
                yield Step(code, wanted, desk, Trouble.TRIED if tried else desk.trouble(at))
