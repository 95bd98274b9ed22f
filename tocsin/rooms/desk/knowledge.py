"""The sections of a desk, in order: who gets each, what it reads, how it looks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from tocsin.platform.access import Scope, scope_of
from tocsin.rooms.desk import queries

AT_ONCE = 6  # cards that come with the page, and with each piece after it; each is one query


@dataclass(frozen=True, slots=True)
class Section:
    """One section: ``name`` is its template; ``read`` gives what it shows and is one query.

    A ``wide`` one holds figures, which come a moment after the page: to count takes longer than to read what is first.
    """

    name: str
    title: str | Promise
    wanted: Callable[[Scope], bool]
    read: Callable[[Any], Any]
    wide: bool = False

    @property
    def template(self) -> str:
        """Give the path of the template."""
        return f"desk/_{self.name}.html"


@dataclass(frozen=True, slots=True)
class Filled:
    """A section with what waits in it."""

    section: Section
    content: Any


def triages(scope: Scope) -> bool:
    """Tell whether the person works on alerts."""
    return scope.allows("alerts.triage")


def coordinates(scope: Scope) -> bool:
    """Tell whether the person answers for all teams."""
    return "ciso" in scope.roles()


def responds(scope: Scope) -> bool:
    """Tell whether the person works on incidents in a team."""
    return bool(scope.teams("incidents.work")) and not coordinates(scope)


def owns_incidents(scope: Scope) -> bool:
    """Tell whether the person has incidents of their own to look after; whoever coordinates sees what is missed."""
    return (scope.allows("incidents.work") or scope.allows("incidents.open")) and not coordinates(scope)


def answers_for_deadlines(scope: Scope) -> bool:
    """Tell whether deadlines can be the person's; a responder's stand beside the incidents of their own."""
    return (scope.allows("incidents.open") and not responds(scope) and not coordinates(scope)) or scope.allows(
        "incidents.answer"
    )


def answers_hand_offs(scope: Scope) -> bool:
    """Tell whether something may be handed to the person's team or organisation."""
    return bool(scope.teams("hand_offs.answer")) or scope.allows("incidents.answer")


def speaks_for_an_organisation(scope: Scope) -> bool:
    """Tell whether the person is an officer or stands in for one."""
    return scope.allows("incidents.part")


def runs_the_house(scope: Scope) -> bool:
    """Tell whether the person looks after the intake."""
    return scope.allows("intake.manage")


def only_looks_on(scope: Scope) -> bool:
    """Tell whether the person has no incidents, alerts or machinery to look at: boards and groups."""
    doing = ("alerts.view", "incidents.view", "incidents.part", "intake.view")
    return scope.allows("constituency.view") and not any(scope.allows(verb) for verb in doing)


def _has(*verbs: str) -> Callable[[Scope], bool]:
    return lambda scope: any(scope.allows(verb) for verb in verbs)


def serves(scope: Scope) -> bool:
    """Tell whether the person serves in a team, or oversees those that do."""
    return bool(scope.teams()) or scope.allows("rota.oversee")


SECTIONS = (
    Section("duty", _("On call"), serves, queries.duty),
    Section("alert_levels", _("Open alerts"), _has("alerts.view"), queries.alert_levels, wide=True),
    Section("incident_severities", _("Open incidents"), _has("incidents.view"), queries.incident_severities, wide=True),
    Section("deadlines", _("Deadlines that were missed"), coordinates, queries.late_deadlines),
    Section("alerts", _("Questions to you"), speaks_for_an_organisation, queries.questions),
    Section("own_notices", _("Notices to answer"), _has("notices.answer"), queries.notices_to_answer),
    Section("risen", _("Risen to you"), coordinates, queries.risen),
    Section("personal", _("Personal content to decide on"), _has("personal.grant"), queries.personal_requests),
    Section("hand_offs", _("Handed to you"), answers_hand_offs, queries.hand_offs),
    Section("alerts", _("Next in the queue"), triages, queries.alerts_to_triage),
    Section("deadlines", _("Late, or due soon"), answers_for_deadlines, queries.my_deadlines),
    Section("shift_notes", _("From the last shift"), lambda s: bool(s.teams("rota.page")), queries.shift_notes),
    Section("due_incidents", _("Your incidents"), owns_incidents, queries.my_incidents),
    Section("incidents", _("Incidents that concern you"), speaks_for_an_organisation, queries.own_part_incidents),
    Section("tasks", _("Tasks"), _has("incidents.view", "incidents.answer"), queries.tasks),
    Section("alerts", _("Alerts you have taken"), lambda s: triages(s) and not responds(s), queries.my_alerts),
    Section("suppressions", _("Suppressions that end soon"), triages, queries.ending_suppressions),
    Section("noisy_rules", _("Noisiest rules, last 24 hours"), triages, queries.noisy_rules),
    Section("due_incidents", _("Incidents nobody owns"), responds, queries.unowned_incidents),
    Section("stuck_notices", _("Told of a notice, and stuck"), _has("notices.send"), queries.stuck_notices),
    Section("contacts", _("Contacts to confirm"), speaks_for_an_organisation, queries.contacts_to_confirm),
    Section(
        "missing",
        _("Without a security officer"),
        lambda s: coordinates(s) or only_looks_on(s) or s.allows("constituency.manage"),
        queries.missing_officers,
    ),
    Section("receipts", _("Records that could not be read"), runs_the_house, queries.rejected_records),
    Section("sources", _("Sources that fell silent"), runs_the_house, queries.silent_sources),
    Section("constituency", _("Who is served"), only_looks_on, queries.constituency_figures, wide=True),
)


def sections_of(user: Any) -> Sequence[Section]:
    """Give the sections this person gets, in order."""
    scope = scope_of(user)
    return [section for section in SECTIONS if section.wanted(scope)]


def desk_of(user: Any, start: int = 0) -> Sequence[Filled]:
    """Fill the cards that come with the page, or from the ``start``-th on with a piece after it."""
    return _filled(user, cards_of(user)[start : start + AT_ONCE])


def figures_of(user: Any) -> Sequence[Filled]:
    """Fill the sections of figures."""
    return _filled(user, [section for section in sections_of(user) if section.wide])


def cards_of(user: Any) -> Sequence[Section]:
    """Give the sections that are no figures, in order."""
    return [section for section in sections_of(user) if not section.wide]


def _filled(user: Any, sections: Iterable[Section]) -> Sequence[Filled]:
    return [Filled(section, section.read(user)) for section in sections]


def waiting(desk: Iterable[Filled]) -> list[Filled]:
    """Give the sections with something in them."""
    return [filled for filled in desk if filled.content]


def quiet(desk: Iterable[Filled]) -> list[str]:
    """Give the titles of the sections with nothing in them."""
    return [str(filled.section.title) for filled in desk if not filled.content]
