"""How the parts of a chart must fit: no code twice, no reference into nothing, nothing owned twice."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from tocsin.charts.document import Place
from tocsin.charts.schema import Entry, Membership, Organisation, Team, Timed
from tocsin.pipeline.enrich.asset import END

Finding = tuple[Place, str]


@dataclass(frozen=True, slots=True)
class Draft:
    """The entries that are well-formed, by section and number, and the raw content with all of them."""

    sections: Mapping[str, Mapping[int, Entry]]
    raw: Mapping[str, Any]

    def entries(self, section: str) -> tuple[Any, ...]:
        """Give the entries of a section in their order."""
        return tuple(self.sections[section].values())

    def placed(self, section: str) -> Iterator[tuple[Place, Any]]:
        """Give each entry of a section with its place."""
        for number, entry in self.sections[section].items():
            yield (section, number), entry

    def known(self, section: str, key: str) -> frozenset[str]:
        """Give what a section defines, malformed entries included: what refers to these is no second problem."""
        listed = self.raw.get(section)
        entries = listed if isinstance(listed, list) else []
        return frozenset(str(entry[key]) for entry in entries if isinstance(entry, dict) and key in entry)


def check(draft: Draft) -> Iterator[Finding]:
    """Find everything that does not fit."""
    for rule in (repeated, unknown, memberships, circles, intervals, owned_twice):
        yield from rule(draft)


def repeated(draft: Draft) -> Iterator[Finding]:
    """Find codes and entries that stand twice."""
    keys: Mapping[str, Callable[[Any], Hashable]] = {
        "services": lambda item: item.code,
        "organisations": lambda item: item.code,
        "teams": lambda item: item.code,
        "people": lambda item: item.username,
        "memberships": lambda item: (item.person, item.role, item.organisation, item.team),
        "contacts": lambda item: (item.organisation, item.role, item.name),
    }
    for section, key in keys.items():
        first: dict[Hashable, int] = {}
        for place, entry in draft.placed(section):
            found = key(entry)
            if found in first:
                yield place, f"{_shown(found)} stands twice in {section}, first as entry {first[found] + 1}"
            first.setdefault(found, cast(int, place[1]))


def unknown(draft: Draft) -> Iterator[Finding]:
    """Find references to what the chart does not define."""
    organisations = draft.known("organisations", "code")
    teams = draft.known("teams", "code")
    people = draft.known("people", "username")
    services = draft.known("services", "code")
    for place, kind, value in _references(draft):
        known = {
            "organisation": organisations,
            "team": teams,
            "team or organisation": teams | organisations,
            "person": people,
            "service": services,
        }[kind]
        if value is not None and value not in known:
            yield place, f"there is no {kind} '{value}' in this chart"


def _references(draft: Draft) -> Iterator[tuple[Place, str, str | None]]:
    for place, item in draft.placed("organisations"):
        yield (*place, "parent"), "organisation", item.parent
    for place, team in draft.placed("teams"):
        yield from _references_of_team(place, team)
    for place, item in draft.placed("memberships"):
        yield (*place, "person"), "person", item.person
        yield (*place, "organisation"), "organisation", item.organisation
        yield (*place, "team"), "team", item.team
    for place, item in draft.placed("contacts"):
        yield (*place, "organisation"), "organisation", item.organisation


def _references_of_team(place: Place, team: Team) -> Iterator[tuple[Place, str, str | None]]:
    yield (*place, "host"), "organisation", team.host
    yield (*place, "reports_to"), "team or organisation", team.reports_to
    yield (*place, "chair"), "organisation", team.chair
    for number, service in enumerate(team.services):
        yield (*place, "services", number), "service", service
    for number, mandate in enumerate(team.mandates):
        yield (*place, "mandates", number, "organisation"), "organisation", mandate.organisation
        for index, service in enumerate(mandate.services):
            yield (*place, "mandates", number, "services", index), "service", service


def memberships(draft: Draft) -> Iterator[Finding]:
    """Find memberships nowhere or in two places at once, and mandates given twice."""
    for place, item in draft.placed("memberships"):
        if (cast(Membership, item).organisation is None) == (item.team is None):
            yield place, "a membership is either at an organisation or in a team: name exactly one of them"
    for place, team in draft.placed("teams"):
        served: set[str] = set()
        for number, mandate in enumerate(cast(Team, team).mandates):
            if mandate.organisation in served:
                yield (*place, "mandates", number), f"{team.code} has two mandates for {mandate.organisation}"
            served.add(mandate.organisation)


def circles(draft: Draft) -> Iterator[Finding]:
    """Find organisations that are part of themselves."""
    parents = {item.code: item.parent for item in draft.entries("organisations")}
    told: set[str] = set()
    for place, item in draft.placed("organisations"):
        chain = _chain(item.code, parents)
        if chain[-1] == item.code and len(chain) > 1 and not told.intersection(chain):
            told.update(chain)
            yield (*place, "parent"), f"{item.code} is part of itself: {' in '.join(chain)}"


def _chain(code: str, parents: Mapping[str, str | None]) -> list[str]:
    chain = [code]
    above = parents.get(code)
    while above is not None:
        chain.append(above)
        if above in chain[:-1]:
            break
        above = parents.get(above)
    return chain


def intervals(draft: Draft) -> Iterator[Finding]:
    """Find times that end before they begin."""
    for place, entry in (*_holdings(draft), *draft.placed("memberships")):
        held = cast(Timed, entry)
        if held.valid_from is not None and held.valid_to is not None and held.valid_from >= held.valid_to:
            yield (*place, "valid_to"), "valid_to must be later than valid_from"


def owned_twice(draft: Draft) -> Iterator[Finding]:
    """Find ranges and names that are held by two at the same time."""
    spans: dict[tuple[str, str], list[tuple[int, int, str]]] = defaultdict(list)
    for place, item in draft.placed("organisations"):
        organisation = cast(Organisation, item)
        for held_at, asset in zip(_places(place, organisation), organisation.assets(), strict=True):
            start, end = asset.interval()
            for other_start, other_end, other in spans[asset.kind, asset.value]:
                if start < other_end and other_start < end:
                    yield held_at, f"{asset.kind} {asset.value} is {other}'s{_then(other_end, end)}"
            spans[asset.kind, asset.value].append((start, end, organisation.code))


def _then(one: int, other: int) -> str:
    return " already" if max(one, other) == END else " already during part of that time"


def _holdings(draft: Draft) -> Iterator[tuple[Place, Timed]]:
    for place, item in draft.placed("organisations"):
        organisation = cast(Organisation, item)
        for section in (*HELD, "products"):
            for number, held in enumerate(getattr(organisation, section)):
                yield (*place, section, number), held


HELD = ("prefixes", "domains", "mail_domains", "hosts")


def _places(place: Place, organisation: Organisation) -> Iterator[Place]:
    """Give the place of each asset, in the order of `Organisation.assets`."""
    for section in HELD:
        for number in range(len(getattr(organisation, section))):
            yield (*place, section, number)


def _shown(key: Hashable) -> str:
    parts = [part for part in key if part] if isinstance(key, tuple) else [key]
    return " ".join(f"'{part}'" for part in parts)
