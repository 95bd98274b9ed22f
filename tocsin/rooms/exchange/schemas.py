"""The lines of an export: each field with what it means; `docs/reference/export.md` is made from it."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from tocsin.platform.export import Sheet

RECORDS = Sheet(
    name="import-records",
    columns={
        "file": "file",
        "line": "line",
        "number": "identity",
        "belongs_to": "parent",
        "title": "title",
        "fate": "fate",
        "reason": "reason",
        "record": "text",
    },
)
VERSION = 1
COMMON = {"kind": "the sort of line", "uuid": "its id, the same for ever"}
INCIDENT = {"incident": "uuid of the incident"}
WHOSE = {"organisation": "code of the organisation whose part it belongs to, or null"}
ABOUT: Mapping[str, str | Promise] = {
    "organisations": _("Organisations: who is served, and whom to reach there."),
    "incidents": _("Incidents. What is open to handlers alone is empty for others."),
    "entities": _("The part of each organisation in an incident."),
    "timeline": _("What was said and done, line by line."),
    "tasks": _("What is to be done, and the answer."),
    "hand_offs": _("What was handed over between teams and organisations, without what it holds."),
    "deadlines": _("What is promised of an incident, by when, and whether it was kept."),
    "evidence": _("What is known of the files of an incident; not the files."),
    "sightings": _("The observables that an incident names."),
    "alerts": _("Alerts, without the raw lines behind them."),
    "notices": _("Notices to organisations."),
    "notice_parts": _("What one organisation was told of a notice, and where it stands with it."),
}
FIELDS: Mapping[str, Mapping[str, str]] = {
    "organisations": COMMON
    | {
        "code": "short name, unique",
        "name": "name in English",
        "name_fr": "name in French",
        "sort": "Union entity, department, board, group or outside party",
        "parent": "code of the organisation above",
        "country": "ISO 3166 code",
        "timezone": "IANA name",
        "language": "the language it is written to in",
        "active": "false for one that is no more",
        "contacts": "role, name, mail address and telephone of those to reach",
        "updated_at": "last change",
    },
    "incidents": COMMON
    | {
        "reference": "the reference people use",
        "title": "title",
        "summary": "summary; handlers alone",
        "state": "state of the state machine",
        "open": "false once it ended",
        "severity": "0 to 5",
        "tlp": "TLP 2.0 marking",
        "category": "class and type of the taxonomy (RSIT), as class/type",
        "sealed": "whether it exists for named people alone",
        "named": "user names of those it is sealed to",
        "organisations": "codes of the organisations concerned that the reader may see",
        "owner": "user name of the owner",
        "team": "code of the team that has it",
        "offered_to": "code of the team it is offered to",
        "opened_by": "user name of who opened it",
        "occurred_at": "when it began",
        "created_at": "when it was opened",
        "closed_at": "when it ended",
        "parent": "uuid of the incident above, if the reader may know of it",
        "merged_into": "uuid of the incident it was merged into, if the reader may know of it",
        "targeted": "whom the attacker was after; this and what follows: handlers alone",
        "criminal_suspected": "whether a crime is suspected",
        "personal_data": "whether personal data is concerned",
        "euci_involved": "whether EU classified information is",
        "inquiry_needed": "whether an inquiry is needed",
        "disposition": "why it is no incident",
        "near_miss": "whether it was a near miss",
        "closing_cause": "cause, said on closing",
        "closing_confidentiality": "how badly confidentiality was hurt: none, low, medium or high",
        "closing_integrity": "how badly integrity was",
        "closing_availability": "how badly availability was",
        "closing_impact": "what it did",
        "closing_lesson": "what is learnt",
        "source": "the system it was brought in from, or null",
        "number_there": "its number there",
        "updated_at": "last change of it or of anything below",
    },
    "entities": COMMON
    | INCIDENT
    | {
        "organisation": "code of the organisation",
        "role": "victim or involved",
        "summary": "what concerns it alone",
        "aware_at": "since when it knows",
    },
    "timeline": COMMON
    | INCIDENT
    | WHOSE
    | {
        "time": "when it happened",
        "entry": "attack, response, comment or change",
        "audience": "team, entity or all: who reads it",
        "author": "user name",
        "event": "what the house says of it, as a word",
        "details": "the values that go with it",
        "technique": "technique of ATT&CK",
        "pinned": "whether it is pinned",
        "corrected_at": "when its writer corrected it",
        "text": "what a person wrote",
        "said": "the whole in English words",
    },
    "tasks": COMMON
    | INCIDENT
    | WHOSE
    | {
        "title": "what is to be done",
        "state": "open, done or refused",
        "due_at": "until when",
        "assignee": "user name",
        "answer": "the answer",
        "created_at": "when it was asked for",
    },
    "hand_offs": COMMON
    | INCIDENT
    | {
        "route": "number of its route",
        "object": "what is handed over",
        "moves": "whether the incident itself goes with it",
        "title": "title",
        "severity": "0 to 5, or null",
        "tlp": "TLP 2.0 marking",
        "from_team": "code of the team that hands over",
        "from_organisation": "code of the organisation that does",
        "to_team": "code of the team that is to take it",
        "to_organisation": "code of the organisation that is",
        "sent_by": "user name",
        "note": "what goes with it",
        "state": "offered, accepted, refused or withdrawn",
        "due_at": "until when an answer is expected",
        "answered_by": "user name",
        "answered_at": "when it was answered",
        "reason": "why it was refused",
        "created_at": "when it was offered",
    },
    "deadlines": COMMON
    | INCIDENT
    | WHOSE
    | {
        "promise": "acknowledge, contain, recover or update",
        "severity": "0 to 5",
        "policy": "the service level it is of",
        "started_at": "since when its time passes",
        "due_at": "until when it is to be kept",
        "breached_at": "since when it is late",
        "met_at": "when it was kept",
        "stopped_at": "since when it does not apply any more",
        "took": "seconds of its calendar until it was kept",
        "person": "user name of who answers for it",
        "team": "code of the team that does",
    },
    "evidence": COMMON
    | INCIDENT
    | WHOSE
    | {
        "title": "title",
        "description": "description",
        "tlp": "TLP 2.0 marking",
        "audience": "who may see it",
        "name": "what its sender called the file",
        "size": "bytes",
        "digest": "SHA-256",
        "media_type": "what its first bytes look like",
        "collected_at": "when it was collected",
        "collected_by": "by whom",
        "source": "from where",
        "added_by": "user name",
        "held": "whether it is on legal hold",
        "destroyed_at": "when it was destroyed",
        "created_at": "when it was added",
    },
    "sightings": COMMON
    | INCIDENT
    | WHOSE
    | {"sort": "ip, domain, url, mail, hash or cve", "value": "the observable", "audience": "who reads it"},
    "alerts": COMMON
    | {
        "title": "title",
        "level": "0 to 4",
        "state": "state",
        "open": "false once it is closed",
        "organisation": "code of the organisation, or null",
        "subject_kind": "host, user, address or nothing",
        "subject": "what it is about",
        "count": "how many events",
        "first_seen": "time of the first event",
        "last_seen": "time of the last event",
        "rule": "id of the rule",
        "techniques": "ATT&CK techniques",
        "assignee": "user name",
        "disposition": "the reason given on closing",
        "created_at": "when it was made",
        "closed_at": "when it was closed",
        "updated_at": "last change",
    },
    "notices": COMMON
    | {
        "title": "title",
        "sort": "the kind of notice",
        "severity": "0 to 5",
        "tlp": "TLP 2.0 marking",
        "state": "draft, open, closed or withdrawn",
        "due_at": "until when answers are expected",
        "sent_at": "when it was sent",
        "created_at": "when it was written",
        "updated_at": "last change",
    },
    "notice_parts": COMMON
    | {
        "reference": "the reference people answer with",
        "notice": "uuid of the notice",
        "title": "title of the notice",
        "organisation": "code of the organisation",
        "state": "where it stands",
        "settled": "whether nothing more is expected",
        "overdue": "whether the answer is late",
        "told_at": "when it was told",
        "due_at": "until when the answer is expected",
        "answered_at": "when it answered",
        "reason": "the reason it gave",
        "planned_for": "the day it plans",
        "updated_at": "last change",
    },
}
