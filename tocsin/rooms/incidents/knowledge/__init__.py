"""What the room knows as data: the states and flags of an incident, the taxonomy, the words of the timeline."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import get_language, gettext, ngettext
from django.utils.translation import gettext_lazy as _

from tocsin.platform.markings import TLP
from tocsin.rooms.incidents.knowledge import wording
from tocsin.rooms.incidents.knowledge.classes import class_of, label, taxonomy
from tocsin.rooms.incidents.knowledge.definitions import TIMES, definition
from tocsin.rooms.incidents.knowledge.flags import Flag, Raised, flags, raised
from tocsin.rooms.incidents.knowledge.insider import insider
from tocsin.rooms.incidents.knowledge.states import Transition, machine
from tocsin.rooms.incidents.knowledge.suggestions import suggested_type
from tocsin.rooms.incidents.knowledge.wording import impact
from tocsin.rooms.incidents.models import Deadline, Incident, Rise, Severity, TimelineEntry

__all__ = [
    "EVENT_LABELS",
    "FIELDS",
    "SAYINGS",
    "TIMES",
    "Event",
    "Flag",
    "Raised",
    "Transition",
    "class_of",
    "definition",
    "event",
    "events_from",
    "flags",
    "impact",
    "insider",
    "is_terminal",
    "label",
    "machine",
    "next_state",
    "raised",
    "said",
    "suggested_type",
    "taxonomy",
]

EVENT_LABELS: Mapping[str, Promise] = {
    "acknowledge": _("Acknowledge"),
    "classify": _("Start analysis"),
    "not_incident": _("Not an incident"),
    "duplicate_of": _("Merge"),
    "contain": _("Start containment"),
    "eradicate": _("Start eradication"),
    "restore": _("Start recovery"),
    "verify": _("Verified"),
    "close": _("Close"),
    "new_evidence": _("New evidence"),
    "reopen": _("Reopen"),
}

# What the timeline says of each thing that the house writes down itself.
SAYINGS: Mapping[str, str | Promise] = {
    "opened": _("Incident opened."),
    "offered": _("Offered to %(team)s."),
    "accepted": _("%(team)s accepts."),
    "refused": _("%(team)s refuses:"),
    "withdrawn": _("Offer to %(team)s withdrawn."),
    "handed": _("Handed to %(receiver)s: %(what)s."),
    "hand_accepted": _("%(receiver)s accepts: %(what)s."),
    "hand_refused": _("%(receiver)s refuses: %(what)s."),
    "hand_withdrawn": _("Taken back from %(receiver)s: %(what)s."),
    "risen": _("This has risen: %(reason)s."),
    "taken_up": _("%(person)s takes what had risen: %(reason)s."),
    "alert": "",
    "concerned": _("%(organisation)s is concerned."),
    "changed": "",
    "state": _("State: %(before)s → %(after)s"),
    "taken": _("%(person)s takes the incident."),
    "assigned": _("%(person)s is given the incident."),
    "undone": _("What was done with many incidents at once is taken back for this one."),
    "told": _("Told %(name)s: %(subject)s"),
    "wrote": _("%(name)s wrote:"),
    "stranger_wrote": _("%(name)s wrote into the conversation with %(party)s, and is unknown there."),
    "mail_failed": _("Mail to %(name)s did not arrive: %(reason)s"),
    "sealed": "",
    "insider": _("Looked into as misuse by an insider."),
    "personal_added": _("Personal content %(item)s is kept apart; whoever needs it asks for it."),
    "personal_ask": _("%(person)s asks to open the personal content %(item)s."),
    "personal_grant": _("%(person)s may open the personal content %(item)s for a time."),
    "personal_refuse": _("%(person)s may not open the personal content %(item)s."),
    "personal_withdraw": _("%(person)s may not open the personal content %(item)s any more."),
    "personal_held": _("Legal hold on the personal content %(item)s."),
    "personal_released": _("The legal hold is lifted from the personal content %(item)s."),
    "personal_destroyed": _("The personal content %(item)s was destroyed."),
    "personal_open": _("%(person)s opened the personal content %(item)s."),
    "unsealed": _("Seal removed."),
    "evidence_added": _("Evidence added: %(title)s (SHA-256 %(digest)s)"),
    "evidence_verified": _("Evidence verified: %(title)s (SHA-256 %(digest)s)"),
    "evidence_altered": _("EVIDENCE FOUND ALTERED: %(title)s (SHA-256 was %(digest)s)"),
    "evidence_held": _("Legal hold on %(title)s:"),
    "evidence_released": _("Legal hold on %(title)s lifted:"),
    "evidence_handed_over": _("%(title)s handed over to %(recipient)s:"),
    "evidence_destroyed": _("Evidence destroyed: %(title)s (SHA-256 %(digest)s)"),
    "page_paged": _("%(team)s is paged (%(reference)s). Called: %(names)s."),
    "page_escalated": _("Nobody has answered the page %(reference)s yet. Called next: %(names)s."),
    "page_acknowledged": _("%(names)s takes the page %(reference)s for %(team)s."),
    "page_unanswered": _("Nobody of %(team)s has answered the page %(reference)s."),
    "page_withdrawn": _("%(names)s withdraws the page %(reference)s to %(team)s."),
    "task": _("Task: %(title)s"),
    "task_done": _("Task done: %(title)s"),
    "task_refused": _("Task refused: %(title)s"),
    "adopted": _("Brought in from %(source)s, where it has the number %(number)s."),
    "written_there": _("%(name)s in %(source)s:"),
    "known_there": _("Also known in %(source)s:"),
    "task_changed": "",
    "part_changed": _("What concerns %(organisation)s was changed."),
    "flag": "",
    "rejected": "",
    "closing": "",
    "merged_into": _("Merged into %(reference)s."),
    "merged_from": _("%(reference)s was merged into this: %(title)s"),
    "merged_summary": _("Summary of what was merged into this, %(title)s:"),
    "taken_apart": _("The merge of %(reference)s was taken apart."),
    "split_off": _("Split off: %(reference)s %(title)s"),
    "split_from": _("Split off from %(reference)s %(title)s."),
    "child": _("%(reference)s is now a part of this incident."),
    "child_left": _("%(reference)s is no longer a part of this incident."),
    "parent": _("Is now a part of %(reference)s."),
    "parent_left": _("Is no longer a part of %(reference)s."),
    "related": _("Linked to %(reference)s:"),
    "unrelated": _("Link to %(reference)s removed."),
    "deadlines_moved": _("Deadlines moved:"),
    "deadline_dropped": _("Deadline dropped – %(promise)s"),
    "deadline_near": _("Deadline near – %(promise)s: due %(due)s"),
    "deadline_late": _("Deadline missed – %(promise)s: was due %(due)s"),
    "deadline_paused": _("Deadline paused – %(promise)s:"),
    "deadline_resumed": _("Deadline runs again – %(promise)s: due %(due)s"),
    "playbook_started": _("Playbook started: %(playbook)s"),
    "playbook_step_done": _("Done: %(step)s (%(playbook)s)"),
    "playbook_step_failed": _("Failed: %(step)s (%(playbook)s)"),
    "playbook_chosen": _("Decided: %(step)s – %(choice)s (%(playbook)s)"),
    "playbook_undone": _("Taken back: %(step)s (%(playbook)s)"),
    "playbook_ended": _("Playbook ended: %(playbook)s – done %(done)s, skipped %(skipped)s, failed %(failed)s."),
    "playbook_stopped": _("Playbook stopped: %(playbook)s"),
    "ticket_opened": _("Ticket %(ticket)s opened at %(organisation)s."),
    "ticket_wrote": _("%(name)s writes in the ticket %(ticket)s:"),
    "ticket_state": _("Ticket %(ticket)s: %(was)s → %(now)s"),
}
# Why the text of evidence could not be read.
TEXT_PROBLEMS: Mapping[str, Promise] = {
    "members": _("The archive holds too many files to look into. It is kept as evidence; its text is not searched."),
    "unpacked": _("The archive unpacks to too much to look into. It is kept as evidence; its text is not searched."),
    "ratio": _(
        "The archive unpacks to so much more than it holds that it looks like a ZIP bomb. It is kept as evidence; its"
        " text is not searched."
    ),
    "depth": _("Archives lie too deep within archives to look into. It is kept as evidence; its text is not searched."),
    "broken": _("The archive is broken. It is kept as evidence; its text is not searched."),
    "damaged": _("The file is not what was taken in: verify it."),
}
FIELDS: Mapping[str, str | Promise] = {
    "title": _("Title"),
    "severity": _("Severity"),
    "tlp": _("Marking"),
    "rsit_class": _("Class"),
    "rsit_type": _("Type"),
    "occurred_at": _("Began"),
}


@dataclass(frozen=True, slots=True)
class Event:
    """Something that can happen to an incident, what its button says, and what must be so and only people can tell."""

    name: str
    label: Promise
    reminder: str = ""

    def __str__(self) -> str:
        return self.name


def event(step: Transition) -> Event:
    """Give what the button of a transition says."""
    return Event(step.event, EVENT_LABELS[step.event], _word("reminder", step.reminder) if step.reminder else "")


def next_state(state: str, event: str) -> str | None:
    """Give the state that ``event`` leads to, None when it cannot happen now."""
    found = machine().transition(state, event)
    return found.target if found is not None else None


def events_from(state: str) -> Mapping[str, str]:
    """Give what can happen in ``state``: event -> next state."""
    return {each.event: each.target for each in machine().possible(state)}


def is_terminal(state: str) -> bool:
    """Tell whether nothing more is expected in ``state``."""
    return state in machine().terminal


def said(entry: TimelineEntry) -> str:
    """Put a line of the timeline into words, in the language of whoever reads it."""
    if entry.event == "changed":
        house = _changes(entry.details.get("changes", {}))
    elif entry.event == "deadlines_moved":
        house = "\n".join([str(SAYINGS[entry.event]), *map(_move, entry.details.get("moves", ()))])
    elif entry.event == "sealed":
        number = entry.details.get("number", 0)
        house = ngettext("Sealed to %(number)d person.", "Sealed to %(number)d people.", number) % {"number": number}
    elif entry.event in wording.WORDED:
        house = wording.WORDED[entry.event](entry.details)
    else:
        named = {"reference": entry.other.reference, "title": entry.other.title} if entry.other is not None else {}
        said = {name: _word(name, value) for name, value in entry.details.items()}
        house = str(SAYINGS.get(entry.event, "")) % (named | said)
    return "\n".join(filter(None, (house, entry.text)))


def _changes(changes: Mapping[str, tuple[Any, Any]]) -> str:
    lines = [
        gettext("%(field)s: %(before)s → %(after)s")
        % {"field": FIELDS[name], "before": _value(name, before), "after": _value(name, after)}
        for name, (before, after) in ((name, changes[name]) for name in FIELDS if name in changes)
    ]
    if "summary" in changes:
        lines.append(gettext("Summary changed."))
    return "\n".join(lines)


def _word(name: str, value: Any) -> str:
    if isinstance(value, dict):
        return str(value.get(get_language() or "en") or value.get("en", ""))
    if name == "due":
        return _moment(value)
    if name == "promise":
        return str(Deadline.Kind(value).label)
    if name == "reason":
        return str(Rise.Reason(value).label)
    return str(Incident.State(value).label) if name in {"before", "after"} else str(value)


def _value(name: str, value: Any) -> str:
    if value in (None, ""):
        return "–"
    if name == "severity":
        return str(Severity(value).label)
    if name == "tlp":
        return str(TLP(value).label)
    if name == "rsit_class":
        return label(value, "")
    if name == "rsit_type":
        return next((gettext(entry["types"][value]) for entry in taxonomy().values() if value in entry["types"]), value)
    if name == "occurred_at":
        return _moment(value)
    return str(value)


def _move(move: tuple[str, str, str]) -> str:
    kind, was, due = move
    values = {"promise": Deadline.Kind(kind).label, "was": _moment(was), "due": _moment(due)}
    return gettext("%(promise)s: due %(was)s → %(due)s") % values


def _moment(value: str) -> str:
    return f"{datetime.fromisoformat(value).astimezone(UTC):%Y-%m-%d %H:%M}Z"
