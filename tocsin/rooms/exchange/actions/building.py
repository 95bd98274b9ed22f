"""Make of a staged record the incident that is to stand here, by what a person decided about it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _

from tocsin.pipeline.observables import Observable, recognised
from tocsin.platform.access import scope_of
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.exchange import queries
from tocsin.rooms.exchange.models import Import, Staged
from tocsin.rooms.incidents.actions import Adopted, AdoptedEntry, AdoptedPart, AdoptedSighting, AdoptedTask
from tocsin.rooms.incidents.actions.entries import TECHNIQUE
from tocsin.rooms.incidents.knowledge import SAYINGS, is_terminal
from tocsin.rooms.incidents.models import Audience, IncidentEntity, TimelineEntry
from tocsin.rooms.incidents.models.incident import Aim, Degree, Disposition, PersonalData

Kind = TimelineEntry.Kind
FLAGS = ("criminal_suspected", "euci_involved", "inquiry_needed", "near_miss")
CHOICES: Mapping[str, Sequence[str]] = {
    "targeted": Aim.values,
    "personal_data": PersonalData.values,
    "disposition": Disposition.values,
    "closing_confidentiality": Degree.values,
    "closing_integrity": Degree.values,
    "closing_availability": Degree.values,
}
TEXTS = ("closing_impact", "closing_lesson")


class LeftOut(Exception):
    """A person decided that the organisations of this incident are left out; the message names them."""


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _uuid(value: Any) -> UUID | None:
    try:
        return UUID(str(value)) if value else None
    except ValueError:
        return None


class Builder:
    """Builds the incidents of one import."""

    def __init__(self, load: Import, person: Person, resolved: queries.Resolution) -> None:
        self._load, self._person, self._resolved = load, person, resolved
        self._peer = queries.peer_of(load)
        self.own = self._peer.own
        # Nobody owns nothing: until it is given away, whoever brought it in answers for what is open.
        self._owner = person.pk if scope_of(person).allows("incidents.work") else None
        self.now = timezone.now()

    def url(self, row: Staged) -> str:
        """Give the address of an incident in the system it is of, when that system's address was given."""
        known: Mapping[str, Any] = row.content or {}
        given = str(known.get("link", ""))
        if given.startswith(("https://", "http://")):
            return given[:500]
        if not self._load.base_url.startswith(("https://", "http://")) or not self._peer.link:
            return ""
        return f"{self._load.base_url.rstrip('/')}/{self._peer.link.replace('{id}', row.identity)}"[:500]

    def build(self, row: Staged, things: Sequence[Mapping[str, Any]]) -> Adopted:
        """Give one incident, with the ``things`` of it that stood elsewhere in the file."""
        case: dict[str, Any] = dict(row.content or {})
        for into in ("entries", "tasks", "observables", "parts"):
            case[into] = [*case[into], *(thing for thing in things if thing["into"] == into)]
        times = sorted(entry["time"] for entry in case["entries"] if entry.get("time"))
        opened = _time(case["opened"]) or _time(times[0] if times else None) or self.now
        ended = is_terminal(case["state"])
        closed = _time(case["closed"]) or self._closing(case["entries"], times) or opened
        rsit_class, _slash, rsit_type = case["rsit"].partition("/")
        return Adopted(
            title=case["title"],
            summary=case["summary"],
            opened_at=opened,
            state=case["state"],
            severity=case["severity"],
            tlp=case["tlp"],
            rsit_class=rsit_class,
            rsit_type=rsit_type,
            occurred_at=_time(case["began"]),
            closed_at=max(closed, opened) if ended else None,
            closing_cause=case["cause"],
            owner=self._who(case["owner"]) or (None if ended or self.own else self._owner),
            named=self._named(case) if case["restricted"] else None,
            parts=tuple(self._parts(case)),
            entries=tuple(self._entries(row, case, opened)),
            tasks=tuple(self._tasks(case["tasks"])),
            sightings=tuple(self._sightings(case["observables"])),
            more=_more(case.get("more", {})),
            uuid=_uuid(case.get("uuid")) if self.own else None,
            reference=str(case.get("reference") or "")[:16] if self.own else "",
        )

    def _closing(self, entries: Sequence[Mapping[str, Any]], times: Sequence[str]) -> datetime | None:
        closing = [entry["time"] for entry in entries if entry.get("closes") and entry.get("time")]
        return _time(max(closing) if closing else times[-1] if times else None)

    def _who(self, name: str | None) -> int | None:
        return self._resolved.people.get(name) if name else None

    def _named(self, case: Mapping[str, Any]) -> frozenset[int]:
        people = (self._who(name) for name in (*case["named"], case["owner"]))
        return frozenset({self._person.pk, *(person for person in people if person is not None)})

    def _parts(self, case: Mapping[str, Any]) -> Iterator[AdoptedPart]:
        """Give a part for each organisation; refuse when a person decided to leave all of them out."""
        given = case["parts"] if self.own else [{"organisation": name} for name in case["organisations"] or [""]]
        found: dict[int, AdoptedPart] = {}
        left = []
        for part in given:
            name = str(part.get("organisation", ""))
            place = self._resolved.organisations.get(name, queries.LEFT_OUT)
            if place == queries.LEFT_OUT:
                left.append(name)
            elif isinstance(place, int):
                role = part.get("role")
                found.setdefault(
                    place,
                    AdoptedPart(
                        organisation=place,
                        role=role if role in IncidentEntity.Role.values else IncidentEntity.Role.VICTIM,
                        summary=str(part.get("summary") or ""),
                        aware_at=_aware(part.get("aware")),
                        uuid=_uuid(part.get("uuid")),
                    ),
                )
        if left and not found:
            raise LeftOut(f"left out, as was decided: {', '.join(left) or 'no organisation'}"[:300])
        yield from found.values()

    def _place(self, thing: Mapping[str, Any]) -> int | None:
        place = self._resolved.organisations.get(str(thing.get("organisation") or ""))
        return place if isinstance(place, int) and thing.get("organisation") else None

    def _entries(self, row: Staged, case: Mapping[str, Any], opened: datetime) -> Iterator[AdoptedEntry]:
        source = self._load.source
        yield AdoptedEntry(
            time=self.now,
            kind=Kind.CHANGE,
            event="adopted",
            details={"source": source, "number": row.identity},
            text=self.url(row),
            author=self._person.pk,
        )
        for text in filter(None, ("\n".join(case["facts"]), self._noted(case["observables"]))):
            yield AdoptedEntry(time=opened, event="known_there", details={"source": source}, text=text)
        for task in case["tasks"]:
            if task.get("text"):
                yield AdoptedEntry(
                    time=opened, kind=Kind.RESPONSE, event="task", details={"title": task["title"]}, text=task["text"]
                )
        said = (self._entry(entry, opened) for entry in case["entries"])
        once = {(each.uuid, each.time, each.text, str(each.details)): each for each in said}  # inside and by itself
        yield from once.values()

    def _entry(self, entry: Mapping[str, Any], opened: datetime) -> AdoptedEntry:
        name, author = entry.get("author") or "", self._who(entry.get("author"))
        event, details = "", dict[str, Any]()
        if self.own and entry.get("event") in SAYINGS:
            event, kept = entry["event"], entry.get("details")
            details = kept if isinstance(kept, dict) else {}
        elif name and not (self.own and author is not None):
            event, details = "written_there", {"name": name, "source": self._load.source}
        return AdoptedEntry(
            time=_time(entry.get("time")) or opened,
            text=entry.get("text") or "",
            kind=entry["kind"] if entry.get("kind") in Kind.values else Kind.COMMENT,
            event=event,
            details=details,
            author=author,
            organisation=self._place(entry),
            audience=entry["audience"] if entry.get("audience") in Audience.values else Audience.TEAM,
            technique=technique if TECHNIQUE.fullmatch(technique := str(entry.get("technique") or "")) else "",
            pinned=entry.get("pinned") is True,
            uuid=_uuid(entry.get("uuid")),
        )

    def _noted(self, observables: Sequence[Mapping[str, Any]]) -> str:
        """Put into words what is said of observables, and those of kinds that are not followed here."""
        lines = {
            f"{each['value']} – {each['note']}" if each.get("note") else each["value"]: None
            for each in observables
            if each.get("note") or _followed(each) is None
        }
        return "\n".join(lines)

    def _sightings(self, observables: Sequence[Mapping[str, Any]]) -> Iterator[AdoptedSighting]:
        for each in observables:
            if (found := _followed(each)) is not None:
                audience = each.get("audience")
                yield AdoptedSighting(
                    found, self._place(each), audience if audience in Audience.values else Audience.TEAM
                )

    def _tasks(self, tasks: Sequence[Mapping[str, Any]]) -> Iterator[AdoptedTask]:
        for task in tasks:
            assignee = self._who(task.get("assignee"))
            unknown = task.get("assignee") if assignee is None else ""
            answer = task.get("answer") or ""
            yield AdoptedTask(
                title=task["title"],
                state=task["state"],
                due_at=_time(task.get("due")),
                answer="\n".join(filter(None, (answer, unknown and _("Given to %s there.") % unknown))),
                assignee=assignee,
                organisation=self._place(task),
                uuid=_uuid(task.get("uuid")),
            )


def _more(given: Mapping[str, Any]) -> dict[str, Any]:
    """Give the further fields of an incident that hold what such a field can hold."""
    found: dict[str, Any] = {name: given[name] for name in FLAGS if given.get(name) is True}
    found |= {name: given[name] for name, allowed in CHOICES.items() if given.get(name) in allowed}
    return found | {name: str(given[name]) for name in TEXTS if given.get(name)}


def _followed(each: Mapping[str, Any]) -> Observable | None:
    """Give what an observable is here; None for a file name and the like, which is kept in words."""
    return None if each.get("words") else recognised(each["value"])


def _aware(value: Any) -> datetime | None:
    try:
        return _time(str(value)) if value else None
    except ValueError:
        return None
