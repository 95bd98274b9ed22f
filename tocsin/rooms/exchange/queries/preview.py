"""What a person looks at before an import becomes incidents, and after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from tocsin.platform.markings import TLP
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.constituency.models import Organisation, Team
from tocsin.rooms.exchange import knowledge
from tocsin.rooms.exchange.models import Import
from tocsin.rooms.exchange.queries.matching import LEFT_OUT, NONE, places, resolution
from tocsin.rooms.incidents.models import Incident, Severity
from tocsin.rooms.incidents.queries import teams_to_offer, visible

SHOWN = 100  # names to choose for at once
TAKEN_AS: Mapping[str, str | Promise] = {
    "state": _("taken as: analysis, or closed when it has an end"),
    "severity": _("taken as: medium"),
    "marking": _("taken as: TLP:AMBER"),
    "category": _("left without a class"),
    "opened": _("taken as: its first entry, or the time it is brought in"),
    "closed": _("taken as: its last entry, or when it was opened"),
    "began": _("left out"),
    "time of a comment": _("taken as: when the incident was opened"),
    "time of a task": _("left out"),
}
SORTS: Mapping[str, str | Promise] = {
    "state": _("State"),
    "severity": _("Severity"),
    "marking": _("Marking"),
    "category": _("Class or type"),
    "opened": _("Time it was opened"),
    "closed": _("Time it was closed"),
    "began": _("Time it began"),
    "time of a comment": _("Time of a comment"),
    "time of a task": _("Time of a task"),
}


@dataclass(frozen=True, slots=True)
class Name:
    """A name that stands in the file, how often, and what is chosen for it ("" for nothing yet)."""

    name: str
    count: int
    choice: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """A value that is not understood: of what, how often, and what is made of it."""

    sort: object
    value: str
    count: int
    taken_as: object


@dataclass(frozen=True, slots=True)
class Example:
    """One of the first incidents, as it would stand here."""

    number: str
    title: str
    state: str
    state_name: str
    severity: int
    severity_name: str
    tlp: str
    restricted: bool
    organisations: str
    entries: int


@dataclass(frozen=True, slots=True)
class Preview:
    """What would be brought in, what is open to decide, and what is lost."""

    things: Mapping[str, int]
    organisations: Sequence[Name]
    more_organisations: int
    undecided: int
    people: Sequence[Name]
    unknown: Sequence[Unknown]
    dropped: Sequence[tuple[str, int]]
    passed_over: Sequence[tuple[str, int]]
    examples: Sequence[Example]


def preview(user: Any, load: Import) -> Preview:
    """Give what a person looks at before an import is brought in; three queries."""
    summary, resolved = load.summary, resolution(user, load)
    codes = {place.pk: place.code for place in places(user)}
    names = dict(Person.objects.filter(pk__in=set(resolved.people.values())).values_list("pk", "username"))

    def choice(name: str) -> str:
        found = resolved.organisations.get(name, "")
        return codes[found] if isinstance(found, int) else found

    asked = [Name(name, count, choice(name)) for name, count in _most(summary.get("organisations", {}))]
    asked.sort(key=lambda each: (each.choice != "", -each.count))
    people = [
        Name(name, count, names.get(resolved.people.get(name, 0), ""))
        for name, count in _most(summary.get("people", {}))
    ]
    people.sort(key=lambda each: (each.choice != "", -each.count))
    return Preview(
        things=summary.get("things", {}),
        organisations=asked[:SHOWN],
        more_organisations=max(0, len(asked) - SHOWN),
        undecided=len(resolved.undecided),
        people=people[:SHOWN],
        unknown=[
            Unknown(SORTS.get(sort, sort), value, count, TAKEN_AS.get(sort, ""))
            for sort, values in sorted(summary.get("unknown", {}).items())
            for value, count in _most(values)
        ],
        dropped=_most(summary.get("dropped", {})),
        passed_over=_most(summary.get("passed_over", {})),
        examples=[_example(each) for each in summary.get("examples", [])],
    )


def _most(counted: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(counted.items(), key=lambda each: (-each[1], each[0]))


def _example(given: Mapping[str, Any]) -> Example:
    return Example(
        number=given["id"],
        title=given["title"],
        state=given["state"],
        state_name=str(Incident.State(given["state"]).label),
        severity=given["severity"],
        severity_name=str(Severity(given["severity"]).label),
        tlp=str(TLP(given["tlp"])),
        restricted=given["restricted"],
        organisations=", ".join(given["organisations"]),
        entries=given["entries"],
    )


def organisation_choices(user: Any) -> list[tuple[str, str | Promise]]:
    """Give what can be chosen for a name: an organisation, none, or to leave out what names it."""
    given: list[Organisation] = list(places(user))
    return [
        ("", _("choose …")),
        (LEFT_OUT, _("leave these incidents out")),
        (NONE, _("no organisation: for the handling team alone")),
        *((place.code, f"{place.code} – {place}") for place in given),
    ]


def usernames() -> QuerySet[Person]:
    """Give the people of the house, to choose who is meant by a name."""
    return Person.objects.filter(is_active=True).only("username", "full_name").order_by("username")


def teams() -> QuerySet[Team]:
    """Give the teams that can handle what is still open."""
    return teams_to_offer()


def brought_in(user: Any, load: Import) -> QuerySet[Incident]:
    """Give the incidents of an import that the person may know of."""
    return visible(user).filter(origin__load=load).order_by("-id")


def columns(load: Import) -> list[tuple[str, tuple[str, ...], str]]:
    """Give the columns of a table: heading, a few cells, and the field that is chosen or proposed."""
    header, samples = load.layout.get("header", []), load.layout.get("samples", [])
    chosen = knowledge.proposed(header) | load.columns
    return [
        (heading, tuple(cells), chosen[heading])
        for heading, cells in zip(header, samples or [()] * len(header), strict=False)
    ]
