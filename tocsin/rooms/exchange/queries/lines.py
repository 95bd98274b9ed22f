"""What a person sees, kind by kind, as the lines of an export; what belongs to an incident comes with the incident."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import translation

from tocsin.platform.access import scope_of
from tocsin.platform.gate import Item
from tocsin.platform.markings import TLP
from tocsin.rooms.alerts.models import Alert
from tocsin.rooms.constituency import queries as constituency
from tocsin.rooms.exchange.schemas import ABOUT, FIELDS
from tocsin.rooms.incidents import knowledge
from tocsin.rooms.incidents import queries as incidents
from tocsin.rooms.incidents.queries import Several
from tocsin.rooms.notices import queries as notices
from tocsin.rooms.notices.models import OWN, VIEW, Part

Line = dict[str, Any]
# What handlers alone see of an incident.
WITHHELD: Mapping[str, Any] = dict.fromkeys(
    ("summary", "closing_cause", "closing_impact", "closing_lesson", "closing_confidentiality", "closing_integrity",
     "closing_availability", "disposition", "targeted", "personal_data"), "",
) | dict.fromkeys(("criminal_suspected", "euci_involved", "inquiry_needed", "near_miss"))  # fmt: skip
Lines = Callable[[Any], Iterator[tuple[int, Line]]]  # (inner id of the row it belongs to, line)
Asked = Callable[[Any], Mapping[int, Item]]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of line: who may have it, the rows it is read by, its lines, and what the gate is asked of a row.

    ``known`` makes of a person and a page of rows what lines and items are made of.
    """

    name: str
    verbs: tuple[str, ...]
    rows: Callable[[Any], QuerySet[Any]]
    lines: Lines
    items: Asked
    known: Callable[[Any, Sequence[Any]], Any] = lambda _user, rows: rows


def kinds_for(user: Any) -> list[Kind]:
    """Give the kinds that a person may take along."""
    scope = scope_of(user)
    return [kind for kind in KINDS.values() if any(scope.allows(verb) for verb in kind.verbs)]


def kinds_about(user: Any) -> list[tuple[str, str]]:
    """Give the kinds that a person may take along, each with what it holds."""
    return [(kind.name, str(ABOUT[kind.name])) for kind in kinds_for(user)]


def _line(kind: str, row: Any, **more: Any) -> Line:
    """Give a line with the fields of its kind, those not in ``more`` from the row."""
    given = {"kind": kind} | more
    return {name: given[name] if name in given else getattr(row, name) for name in FIELDS[kind]}


def _name(person: Any) -> str | None:
    return None if person is None else str(person.username)


def _code(thing: Any) -> str | None:
    return None if thing is None else str(thing.code)


def _incident_rows(user: Any) -> QuerySet[Any]:
    return incidents.visible(user).select_related("owner", "owner_team", "offered_to", "opened_by", "origin")


def _incident_items(several: Several) -> Mapping[int, Item]:
    codes = several.codes()
    return {
        row.pk: Item(
            "incident", row.uuid, row.title, row.tlp, frozenset(codes[row.pk]), sealed=row.sealed, naming_agreed=True
        )
        for row in several.incidents
    }


def _incidents(several: Several) -> Iterator[tuple[int, Line]]:
    codes, named, tied = several.codes(), several.named(), several.tied()
    for row in several.incidents:
        origin, handler = getattr(row, "origin", None), row.pk in several.handled
        yield (
            row.pk,
            _line(
                "incidents",
                row,
                **({} if handler else WITHHELD),
                parent=tied.get(row.parent_id),
                merged_into=tied.get(row.merged_into_id),
                category="/".join(filter(None, (row.rsit_class, row.rsit_type))),
                named=named[row.pk],
                organisations=codes[row.pk],
                owner=_name(row.owner),
                opened_by=_name(row.opened_by) if handler else None,
                team=_code(row.owner_team),
                offered_to=_code(row.offered_to),
                source=origin.source if origin and handler else None,
                number_there=origin.identity if origin and handler else None,
            ),
        )


def _entities(several: Several) -> Iterator[tuple[int, Line]]:
    uuids = {row.pk: row.uuid for row in several.incidents}
    for part in several.entities.values():
        yield (
            part.incident_id,
            _line("entities", part, incident=uuids[part.incident_id], organisation=part.organisation.code),
        )


def _of_parts(name: str, several: Several, things: QuerySet[Any], more: Callable[[Any], Line]) -> Any:
    uuids = {row.pk: row.uuid for row in several.incidents}
    for thing in things.iterator(chunk_size=2_000):
        part = several.entities.get(thing.entity_id)
        whose = part.organisation.code if part is not None else None
        shared = {"incident": uuids[thing.incident_id], "organisation": whose}
        yield thing.incident_id, _line(name, thing, **shared, **more(thing))


def _timeline(several: Several) -> Iterator[tuple[int, Line]]:
    def more(entry: Any) -> Line:
        with translation.override("en"):
            return {"author": _name(entry.author), "entry": entry.kind, "said": knowledge.said(entry)}

    yield from _of_parts("timeline", several, several.timeline(), more)


def _tasks(several: Several) -> Iterator[tuple[int, Line]]:
    yield from _of_parts("tasks", several, several.tasks(), lambda task: {"assignee": _name(task.assignee)})


def _sightings(several: Several) -> Iterator[tuple[int, Line]]:
    yield from _of_parts(
        "sightings",
        several,
        several.sightings(),
        lambda seen: {"sort": seen.observable.kind, "value": seen.observable.value},
    )


def _hand_offs(several: Several) -> Iterator[tuple[int, Line]]:
    uuids = {row.pk: row.uuid for row in several.incidents}
    for offer in several.hand_offs():
        yield (
            offer.incident_id,
            _line(
                "hand_offs",
                offer,
                incident=uuids[offer.incident_id],
                from_team=_code(offer.from_team),
                to_team=_code(offer.to_team),
                from_organisation=_code(offer.from_organisation),
                to_organisation=_code(offer.to_organisation),
                sent_by=_name(offer.sent_by),
                answered_by=_name(offer.answered_by),
            ),
        )


def _deadlines(several: Several) -> Iterator[tuple[int, Line]]:
    yield from _of_parts(
        "deadlines",
        several,
        several.deadlines(),
        lambda each: {"promise": each.kind, "person": _name(each.person), "team": _code(each.team)},
    )


def _evidence(several: Several) -> Iterator[tuple[int, Line]]:
    def more(each: Any) -> Line:
        file = each.artefact
        told = {name: getattr(file, name) for name in ("name", "size", "digest", "media_type", "held", "destroyed_at")}
        return told | {"added_by": _name(each.added_by)}

    yield from _of_parts("evidence", several, several.evidence(), more)


def _organisations(rows: Sequence[Any]) -> Iterator[tuple[int, Line]]:
    for row in rows:
        people = [{"role": m.role, "name": str(m.person), "email": m.person.email, "phone": ""} for m in row.officers]
        desks = [{"role": c.role, "name": c.name, "email": c.email, "phone": c.phone} for c in row.contacts.all()]
        yield (
            row.pk,
            _line(
                "organisations",
                row,
                sort=row.kind,
                parent=row.parent.code if row.parent else None,
                contacts=people + desks,
            ),
        )


def _alert_rows(user: Any) -> QuerySet[Any]:
    found: QuerySet[Alert] = Alert.objects.visible_to(user)
    return found.select_related("organisation", "assignee")


def _alerts(rows: Sequence[Any]) -> Iterator[tuple[int, Line]]:
    for row in rows:
        yield (
            row.pk,
            _line("alerts", row, organisation=_code(row.organisation), rule=row.rule_id, assignee=_name(row.assignee)),
        )


def _notices(rows: Sequence[Any]) -> Iterator[tuple[int, Line]]:
    for row in rows:
        yield row.pk, _line("notices", row, sort=row.kind)


def _part_rows(user: Any) -> QuerySet[Any]:
    seen = Part.objects.visible_to(user, VIEW).values("pk")
    own = Part.objects.visible_to(user, OWN).exclude(edition=None).values("pk")
    return Part.objects.filter(Q(pk__in=seen) | Q(pk__in=own)).select_related("notice", "organisation")


def _parts(rows: Sequence[Any]) -> Iterator[tuple[int, Line]]:
    for row in rows:
        yield (
            row.pk,
            _line(
                "notice_parts",
                row,
                notice=row.notice.uuid,
                title=row.notice.title,
                organisation=row.organisation.code,
            ),
        )


def _items(sort: str) -> Asked:
    """Ask about rows of one organisation each (or of none): as they are marked, else as AMBER."""

    def items(rows: Sequence[Any]) -> Mapping[int, Item]:
        found = {}
        for row in rows:
            notice = getattr(row, "notice", row)
            place = row if sort == "organisation" else getattr(row, "organisation", None)
            codes = frozenset() if place is None else frozenset({place.code})
            tlp, sealed = getattr(notice, "tlp", TLP.AMBER), bool(getattr(notice, "sealed", False))
            found[row.pk] = Item(sort, row.uuid, "", tlp, codes, sealed=sealed, naming_agreed=True)
        return found

    return items


VIEWED = ("incidents.view", "incidents.part")
KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind(
            "organisations",
            ("constituency.view",),
            constituency.for_programs,
            _organisations,
            _items("organisation"),
        ),
        Kind("incidents", VIEWED, _incident_rows, _incidents, _incident_items, Several),
        Kind("entities", VIEWED, _incident_rows, _entities, _incident_items, Several),
        Kind("timeline", VIEWED, _incident_rows, _timeline, _incident_items, Several),
        Kind("tasks", VIEWED, _incident_rows, _tasks, _incident_items, Several),
        Kind("hand_offs", VIEWED, _incident_rows, _hand_offs, _incident_items, Several),
        Kind("deadlines", VIEWED, _incident_rows, _deadlines, _incident_items, Several),
        Kind("evidence", VIEWED, _incident_rows, _evidence, _incident_items, Several),
        Kind("sightings", VIEWED, _incident_rows, _sightings, _incident_items, Several),
        Kind("alerts", ("alerts.view",), _alert_rows, _alerts, _items("alert")),
        Kind("notices", (VIEW,), notices.listed, _notices, _items("notice")),
        Kind("notice_parts", (VIEW, OWN), _part_rows, _parts, _items("notice")),
    )
}
