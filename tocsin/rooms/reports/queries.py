"""What the report of an incident says: as much as its reader may see of it, in their language or another."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from django.utils import timezone, translation
from django.utils.translation import gettext as _

from tocsin.platform.gate import Item
from tocsin.platform.markings import TLP
from tocsin.rooms.incidents import knowledge
from tocsin.rooms.incidents.knowledge import routes
from tocsin.rooms.incidents.models import TimelineEntry
from tocsin.rooms.incidents.queries import View
from tocsin.rooms.intel.models import Observable

MOST = 2_000  # rows of one table
Kind = TimelineEntry.Kind
CHAPTERS = ((Kind.ATTACK,), (Kind.RESPONSE, Kind.CHANGE), (Kind.COMMENT,))


@dataclass(frozen=True, slots=True)
class Chapter:
    """One part of a report: facts, running text, or a table; what is empty is left out."""

    heading: str
    facts: Sequence[tuple[str, str]] = ()
    prose: str = ""
    header: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()
    cut: bool = False  # whether there are more rows than a report holds

    def __bool__(self) -> bool:
        return bool(self.facts or self.prose or self.rows)


@dataclass(frozen=True, slots=True)
class Report:
    """A report, ready to be written in any form."""

    title: str
    reference: str
    tlp: str
    language: str
    made: str
    footer: str
    chapters: Sequence[Chapter] = field(default_factory=tuple)


def report_of(view: View, language: str) -> Report:
    """Give the report of an incident; nine queries, however long it is."""
    known, label = view.incident, str(TLP(view.incident.tlp).label)
    with translation.override(language):
        made = moment(timezone.now())
        return Report(
            title=known.title,
            reference=known.reference,
            tlp=label,
            language=language,
            made=made,
            footer=_("%(reference)s, %(tlp)s, as known on %(time)s to %(person)s")
            % {"reference": known.reference, "tlp": label, "time": made, "person": view.user},
            chapters=[chapter for chapter in _chapters(view) if chapter],
        )


def item_of(view: View) -> Item:
    """Give the incident as the gate asks about it: the parts that the reader sees."""
    known = view.incident
    named = (
        frozenset(seal.person.email or seal.person.username for seal in view.seals()) if known.sealed else frozenset()
    )
    codes = frozenset(part.organisation.code for part in view.entities)
    return Item("incident", known.uuid, known.title, known.tlp, codes, known.sealed, named, naming_agreed=True)


def moment(value: datetime | None) -> str:
    """Write a time in UTC, as everywhere in a report."""
    return f"{value.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if value else "–"


def _chapters(view: View) -> Iterator[Chapter]:
    yield _facts(view)
    if view.handler:
        yield Chapter(_("Summary"), prose=view.incident.summary)
    rows = [
        (str(part.organisation), part.organisation.code, moment(part.aware_at), part.summary) for part in view.entities
    ]
    yield _table(_("Organisations concerned"), (_("Organisation"), _("Code"), _("Aware since"), _("Summary")), rows)
    yield from _timelines(view)
    yield _tasks(view)
    yield _observables(view)
    yield _hand_offs(view)
    if view.handler:
        known = view.incident
        yield Chapter(_("Cause"), prose=known.closing_cause)
        yield Chapter(_("Impact"), prose=knowledge.impact(known))
        yield Chapter(_("Lesson"), prose=known.closing_lesson)


def _facts(view: View) -> Chapter:
    known = view.incident
    facts = [
        (_("Reference"), known.reference),
        (_("State"), known.get_state_display()),
        (_("Severity"), f"S{known.severity} {known.get_severity_display()}"),
        (_("Class"), knowledge.label(known.rsit_class, known.rsit_type) or "–"),
        (_("Owner"), ", ".join(str(each) for each in (known.owner, known.owner_team) if each) or "–"),
        (_("Began"), moment(known.occurred_at)),
        (_("Opened"), moment(known.created_at)),
    ]
    if known.closed_at:
        facts.append((_("Ended"), moment(known.closed_at)))
    return Chapter(_("Facts"), facts=facts)


def _timelines(view: View) -> Iterator[Chapter]:
    """Give what the attacker did, what was done about it, and what was said, each by itself."""
    headings = (_("What the attacker did"), _("What was done"), _("Remarks"))
    entries = list(view.timeline().order_by("time", "id")[: MOST + 1])
    for heading, kinds in zip(headings, CHAPTERS, strict=True):
        rows = [
            (
                moment(entry.time),
                entry.entity.organisation.code if entry.entity else "",
                str(entry.author or ""),
                knowledge.said(entry),
            )
            for entry in entries[:MOST]
            if entry.kind in kinds
        ]
        chapter = _table(heading, (_("Time"), _("Organisation"), _("Who"), _("What")), rows)
        yield Chapter(chapter.heading, header=chapter.header, rows=chapter.rows, cut=len(entries) > MOST)


def _tasks(view: View) -> Chapter:
    rows = (
        (task.title, str(task.assignee or (task.entity.organisation.code if task.entity else "–")), moment(task.due_at),
         task.get_state_display(), task.answer)
        for task in view.tasks()[: MOST + 1]
    )  # fmt: skip
    return _table(_("Tasks"), (_("Task"), _("Whose"), _("Due"), _("State"), _("Answer")), rows)


def _observables(view: View) -> Chapter:
    rows = ((str(Observable.Kind(one.kind).label), one.shown) for one in view.observables()[: MOST + 1])
    return _table(_("Observables"), (_("Kind"), _("Value")), rows)


def _hand_offs(view: View) -> Chapter:
    rows = (
        (moment(one.sent_at), routes.name_of(one.route), str(one.sender or "–"), str(one.receiver),
         one.get_state_display(), one.reason)
        for one in view.hand_offs()[: MOST + 1]
    )  # fmt: skip
    return _table(_("Hand-offs"), (_("Time"), _("What"), _("From"), _("To"), _("State"), _("Reason")), rows)


def _table(heading: str, header: Sequence[str], rows: Iterable[Sequence[str]]) -> Chapter:
    found = list(rows)
    return Chapter(heading, header=header, rows=found[:MOST], cut=len(found) > MOST)
