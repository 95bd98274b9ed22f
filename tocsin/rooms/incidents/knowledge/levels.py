"""Service levels as data: what is promised of an incident, by severity and organisation, and what keeps a promise."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from tocsin import config
from tocsin.charts.document import Place, Problem
from tocsin.platform.access import roles_known
from tocsin.platform.calendar_files import calendars
from tocsin.platform.documents import BrokenFile, Entry, read
from tocsin.rooms.constituency.models import Organisation
from tocsin.rooms.incidents.models import Deadline, Incident, Severity

SHIPPED = Path(__file__).parents[1] / "levels.yaml"
SPAN = re.compile(r"([1-9]\d{0,5}) ?(min|h)")
LONGEST = timedelta(days=731)
LEVELS = tuple(f"S{value}" for value in Severity.values)
MEASURED = (Deadline.Kind.ACKNOWLEDGE, Deadline.Kind.CONTAIN, Deadline.Kind.RECOVER)
FIT_KIND, FIT_ANY = 1_000, 1_001  # how well a policy fits: the levels up to the organisation it names, else these


class Answers(StrEnum):
    """Who answers for a deadline: the incident's owner, its team, or each organisation's officer."""

    OWNER = "owner"
    TEAM = "team"
    OFFICER = "officer"


class Begins(StrEnum):
    """When the time of a deadline begins."""

    OPENED = "opened"
    BEGAN = "began"
    AWARE = "aware"


def _span(value: object) -> int:
    found = SPAN.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise ValueError(f"'{value}' is no time; write 15 min or 4 h")
    seconds = int(found[1]) * (60 if found[2] == "min" else 3600)
    if seconds > LONGEST.total_seconds():
        raise ValueError(f"'{value}' is too long; {LONGEST.days} days are the most")
    return seconds


def _level(value: str) -> str:
    if value not in LEVELS:
        raise ValueError(f"'{value}' is no severity; write {', '.join(LEVELS)}")
    return value


def _measured(value: Deadline.Kind) -> Deadline.Kind:
    if value not in MEASURED:
        raise ValueError(f"'{value}' is kept by no state; write {', '.join(MEASURED)}")
    return value


Span = Annotated[int, BeforeValidator(_span)]
Share = Annotated[int, Field(ge=1, le=99)]
Level = Annotated[str, AfterValidator(_level)]
Measured = Annotated[Deadline.Kind, AfterValidator(_measured)]


class Targets(Entry):
    """What is promised at one severity, in seconds of the calendar's time."""

    calendar: str = ""
    acknowledge: Span | None = None
    contain: Span | None = None
    recover: Span | None = None
    update: Span | None = None

    def spans(self) -> Iterator[tuple[Deadline.Kind, int]]:
        """Give the promises there are."""
        for kind in Deadline.Kind:
            span: int | None = getattr(self, kind.value)
            if span is not None:
                yield kind, span


class Policy(Entry):
    """What is promised to some organisations, or to any."""

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,59}$")
    organisations: tuple[str, ...] = ()
    kinds: tuple[Organisation.Kind, ...] = ()
    calendar: str = "always"
    warn_at: Share | None = None
    owners: Mapping[Deadline.Kind, Answers] = {}
    begins: Mapping[Deadline.Kind, Begins] = {}
    pause: tuple[Deadline.Kind, ...] = ()
    escalate: str = "ciso"
    targets: Mapping[Level, Targets] = Field(min_length=1)


class File(Entry):
    """The whole file."""

    version: str = Field(min_length=1, max_length=40)
    warn_at: Share | None = None
    reached: Mapping[Measured, tuple[Incident.State, ...]] = {}
    policies: tuple[Policy, ...] = Field(min_length=1)


@dataclass(frozen=True, slots=True)
class Promise:
    """One promise: ``target`` seconds of a calendar's time, who answers for it, when its time begins."""

    kind: Deadline.Kind
    severity: int
    policy: str
    version: str
    calendar: str
    target: int
    warn_share: int
    answers: Answers
    begins: Begins
    may_pause: bool
    escalate: str


@dataclass(frozen=True, slots=True)
class Standing:
    """An organisation as policies see it: its code and those above it, itself first, and its kind."""

    codes: tuple[str, ...] = ()
    kind: str = ""


NOBODY = Standing()  # of an incident that concerns no organisation yet


@dataclass(frozen=True, slots=True)
class Levels:
    """The service levels of an installation: policies with the version of their file, and what keeps each promise."""

    policies: tuple[tuple[Policy, str], ...]
    reached: Mapping[Deadline.Kind, tuple[str, ...]]
    warn_at: int

    def promises(self, place: Standing, severity: int) -> list[Promise]:
        """Give what is promised to an organisation at a severity: by the policy that fits it most closely."""
        level = f"S{severity}"
        fits = [(_fit(policy, place), policy, version) for policy, version in self.policies if level in policy.targets]
        fitting = [(fit, policy, version) for fit, policy, version in fits if fit is not None]
        if not fitting:
            return []
        _, policy, version = min(fitting, key=lambda each: each[0])
        return list(self._promised(policy, version, severity))

    def _promised(self, policy: Policy, version: str, severity: int) -> Iterator[Promise]:
        targets = policy.targets[f"S{severity}"]
        for kind, span in targets.spans():
            yield Promise(
                kind=kind,
                severity=severity,
                policy=policy.id,
                version=version,
                calendar=targets.calendar or policy.calendar,
                target=span,
                warn_share=policy.warn_at or self.warn_at,
                answers=policy.owners.get(kind, Answers.OWNER),
                begins=policy.begins.get(kind, Begins.OPENED),
                may_pause=kind in policy.pause,
                escalate=policy.escalate,
            )

    def begins(self, kind: Deadline.Kind) -> set[Begins]:
        """Give when the time of a kind begins, by any of the policies."""
        return {policy.begins.get(kind, Begins.OPENED) for policy, _ in self.policies}


def _fit(policy: Policy, place: Standing) -> int | None:
    """Tell how closely a policy fits: 0 for the organisation itself, None for not at all."""
    named = [number for number, code in enumerate(place.codes) if code in policy.organisations]
    if named:
        return named[0]
    if place.kind in policy.kinds:
        return FIT_KIND
    return None if policy.organisations or policy.kinds else FIT_ANY


@cache
def levels() -> Levels:
    """Give the service levels of this installation; ConfigError when the file of its own cannot be used."""
    own = config.load().tocsin_levels
    try:
        return load(SHIPPED, Path(own)) if own else load(SHIPPED)
    except BrokenFile as error:
        raise config.ConfigError(f"TOCSIN_LEVELS: {error}") from error


def load(*paths: Path) -> Levels:
    """Read and check files of service levels, each before those ahead of it; BrokenFile names all problems."""
    policies: list[tuple[Policy, str]] = []
    reached: dict[Deadline.Kind, tuple[str, ...]] = {}
    warn_at = 75
    for path in paths:
        written, document = read(path, File)
        if problems := [Problem(document.line(place), text) for place, text in _faults(written)]:
            raise BrokenFile(path, problems)
        ids = {policy.id for policy in written.policies}
        policies = [*((policy, written.version) for policy in written.policies),
                    *(each for each in policies if each[0].id not in ids)]  # fmt: skip
        reached |= written.reached
        warn_at = written.warn_at or warn_at
        found = Levels(tuple(policies), reached, warn_at)
        if gaps := list(_gaps(found)):
            raise BrokenFile(path, [Problem(1, text) for text in gaps])
    return found


def _faults(written: File) -> Iterator[tuple[Place, str]]:
    seen: set[str] = set()
    for number, policy in enumerate(written.policies):
        place: Place = ("policies", number)
        if policy.id in seen:
            yield (*place, "id"), f"there are two policies '{policy.id}'"
        seen.add(policy.id)
        if policy.escalate not in roles_known():
            yield (*place, "escalate"), f"'{policy.escalate}' is no role; there are {', '.join(sorted(roles_known()))}"
        yield from _unknown_calendars(policy, place)
        for level, targets in policy.targets.items():
            if not list(targets.spans()):
                yield (*place, "targets", level), f"nothing is promised at {level}; leave it out, or give a time"


def _unknown_calendars(policy: Policy, place: Place) -> Iterator[tuple[Place, str]]:
    named = {(*place, "calendar"): policy.calendar}
    named |= {(*place, "targets", level, "calendar"): t.calendar for level, t in policy.targets.items() if t.calendar}
    for where, code in named.items():
        if code not in calendars():
            yield where, f"there is no calendar '{code}'; there are {', '.join(sorted(calendars()))}"


def _gaps(found: Levels) -> Iterator[str]:
    for severity in Severity.values:
        if not found.promises(NOBODY, severity):
            yield f"no policy for any organisation has targets for S{severity}; every incident needs a deadline"
    for kind in MEASURED:
        if not found.reached.get(kind):
            yield f"'reached' does not say in which states '{kind}' is kept"
