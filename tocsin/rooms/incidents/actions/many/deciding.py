"""Which of many incidents allow an act, and why the others do not: the same rules before it and while it is done."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import nlargest
from operator import attrgetter
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tocsin.platform.access import scope_of
from tocsin.platform.bulk import MOST, chunks
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.incidents import knowledge
from tocsin.rooms.incidents.actions.change import check_class
from tocsin.rooms.incidents.actions.closing import QUALITIES, check_closing
from tocsin.rooms.incidents.models import BulkChange, Incident, IncidentEntity, Severity
from tocsin.rooms.incidents.queries import Several, lets_handler, with_open_ends

Act = BulkChange.Act
FACTS = ("id", "uuid", "state", "severity", "sealed", "open", "owner_id", "rsit_class", "updated_at",
         "title", "reference", "parent_id", "merged_into_id")  # fmt: skip
SHOWN = 10


class Why(models.TextChoices):
    """Why an act is not possible with an incident."""

    NOT_YOURS = "not_yours", gettext_lazy("you see them and may not change them")
    MERGED = "merged", gettext_lazy("they were merged into others")
    SAME = "same", gettext_lazy("they are so already")
    HELD = "held", gettext_lazy("a colleague has taken them")
    NOT_THEIRS = "not_theirs", gettext_lazy("the person chosen may not work on them")
    STATE = "state", gettext_lazy("their state does not allow it")
    ROLE = "role", gettext_lazy("your role does not let this happen")
    NO_CLASS = "no_class", gettext_lazy("they have no class")
    NOBODYS = "nobodys", gettext_lazy("no organisation is concerned yet")
    OPEN = "open", gettext_lazy("tasks, hand-offs, questions, mails or parts of them are still open")


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be done: ``person`` to give them to, ``severity`` with its ``reason``, or the texts of ``closing``."""

    act: str
    person: Person | None = None
    severity: int | None = None
    reason: str = ""
    rsit_class: str = ""
    closing: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.act not in Act.values:
            raise ValidationError(_("Choose what to do with the incidents."))
        if self.act == Act.ASSIGN and self.person is None:
            raise ValidationError(_("Choose one of your colleagues."))
        if self.act == Act.SEVERITY and self.severity not in Severity.values:
            raise ValidationError(_("Choose a severity."))
        if self.act == Act.SEVERITY and not self.reason.strip():
            raise ValidationError(_("Give a reason."))
        check_class(self.rsit_class)

    def check_words(self) -> None:
        """Refuse to close before all is said that closing asks for."""
        if self.act == Act.CLOSE:
            told = {name: self.closing.get(name, "").strip() for name in ("cause", "impact", "lesson")}
            check_closing(told, {name: self.closing.get(name, "") for name in QUALITIES})

    def owner(self, actor: Person) -> Person:
        """Give who answers for the incidents afterwards, when it is about that."""
        return self.person if self.act == Act.ASSIGN and self.person is not None else actor

    def is_same(self, actor: Person, incident: Incident) -> bool:
        """Tell whether nothing would change."""
        if self.act == Act.SEVERITY:
            return incident.severity == self.severity
        return self.act != Act.CLOSE and incident.owner_id == self.owner(actor).pk


@dataclass(slots=True)
class Plan:
    """What would happen: ``able`` (inner ids) allow it, ``why`` counts the others, ``first`` are the most serious.

    ``more`` tells that more match than were looked at.
    """

    able: list[int] = field(default_factory=list)
    why: Counter[str] = field(default_factory=Counter)
    severities: Counter[int] = field(default_factory=Counter)
    first: list[Incident] = field(default_factory=list)
    more: bool = False

    @property
    def unable(self) -> int:
        """Give how many do not allow it."""
        return self.why.total()

    @property
    def reasons(self) -> list[tuple[Any, int]]:
        """Give the reasons in words with how many each keeps out, the most frequent first."""
        return [(Why(code).label, number) for code, number in self.why.most_common()]


def plan_many(*, actor: Person, found: models.QuerySet[Incident], order: Order) -> Plan:
    """Look at the first 10,000 of ``found``, which the actor may know of, in batches; nothing is changed."""
    ids = list(found.values_list("pk", flat=True)[: MOST + 1])
    plan = Plan(more=len(ids) > MOST)
    for some in chunks(sorted(ids[:MOST])):
        incidents = list(Incident.objects.visible_to(actor).filter(pk__in=some).only(*FACTS).order_by("pk"))
        against = refused(actor, incidents, order)
        plan.why.update(against.values())
        able = [each for each in incidents if each.pk not in against]
        plan.able += [each.pk for each in able]
        plan.severities.update(each.severity for each in able)
        plan.first = nlargest(SHOWN, [*plan.first, *able], key=attrgetter("severity", "updated_at"))
    return plan


def refused(actor: Person, incidents: Sequence[Incident], order: Order) -> dict[int, str]:
    """Give, by inner id, why some of a batch do not allow the act; in a fixed number of queries."""
    handled = _reached(actor, incidents)
    against: dict[int, str] = {}
    left: list[Incident] = []
    for each in incidents:
        if each.pk not in handled:
            against[each.pk] = Why.NOT_YOURS
        elif each.state == Incident.State.MERGED:
            against[each.pk] = Why.MERGED
        elif order.is_same(actor, each):
            against[each.pk] = Why.SAME
        else:
            left.append(each)
    if left:
        against.update(RULES[order.act](actor, left, order))
    return against


def _reached(person: Person, incidents: Sequence[Incident]) -> Collection[int]:
    """Give those that a person may change."""
    if not scope_of(person).allows("incidents.work"):
        return ()
    found = Incident.objects.handled_by(person).filter(pk__in=[each.pk for each in incidents])
    return set(found.values_list("pk", flat=True))


def _taking(_actor: Person, incidents: Sequence[Incident], _order: Order) -> Iterator[tuple[int, str]]:
    """Taking takes nothing away from a colleague."""
    return ((each.pk, Why.HELD) for each in incidents if each.owner_id is not None)


def _giving(actor: Person, incidents: Sequence[Incident], order: Order) -> Iterator[tuple[int, str]]:
    theirs = _reached(order.owner(actor), incidents)
    return ((each.pk, Why.NOT_THEIRS) for each in incidents if each.pk not in theirs)


def _rating(_actor: Person, _incidents: Sequence[Incident], _order: Order) -> Iterator[tuple[int, str]]:
    return iter(())


def _closing(actor: Person, incidents: Sequence[Incident], order: Order) -> Iterator[tuple[int, str]]:
    open_ends = with_open_ends(Several(actor, incidents))
    concerned = set(IncidentEntity.objects.filter(incident__in=incidents).values_list("incident", flat=True))
    for each in incidents:
        step = knowledge.machine().transition(each.state, "close")
        if step is None:
            yield each.pk, Why.STATE
        elif not lets_handler(actor, step.roles)[each.sealed]:
            yield each.pk, Why.ROLE
        elif "class" in step.needs and not (each.rsit_class or order.rsit_class):
            yield each.pk, Why.NO_CLASS
        elif "organisation" in step.needs and each.pk not in concerned:
            yield each.pk, Why.NOBODYS
        elif each.pk in open_ends:
            yield each.pk, Why.OPEN


RULES: Mapping[str, Callable[[Person, Sequence[Incident], Order], Iterator[tuple[int, str]]]] = {
    Act.TAKE: _taking,
    Act.ASSIGN: _giving,
    Act.SEVERITY: _rating,
    Act.CLOSE: _closing,
}
