"""How the lists of this room are written as files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tocsin.platform.export import Sheet
from tocsin.rooms.incidents import queries
from tocsin.rooms.incidents.models import Incident


def _name_organisations(user: Any, incidents: Sequence[Incident]) -> None:
    seen = queries.listed_organisations(user, list(incidents))
    for incident in incidents:
        incident.shown_organisations = seen.get(incident.pk, [])


def _name_due(user: Any, incidents: Sequence[Incident]) -> None:
    shows = queries.sees_due(user)
    for incident in incidents:
        incident.shown_due = incident.due_at if shows else None


def _prepare(user: Any, incidents: Sequence[Incident]) -> None:
    _name_organisations(user, incidents)
    _name_due(user, incidents)


INCIDENTS = Sheet(
    name="incidents",
    columns={
        "reference": "reference",
        "title": "title",
        "organisations": "shown_organisations",
        "severity": "severity",
        "state": "state",
        "open": "open",
        "tlp": "tlp",
        "rsit_class": "rsit_class",
        "rsit_type": "rsit_type",
        "owner": "owner.username",
        "team": "owner_team.code",
        "offered_to": "offered_to.code",
        "due_at": "shown_due",
        "created_at": "created_at",
        "updated_at": "updated_at",
        "closed_at": "closed_at",
        "uuid": "uuid",
    },
    organisations="entities__organisation__code",
    tlp="tlp",
    sealed="sealed",
    prepare=_prepare,
)
DEADLINES = Sheet(
    name="deadlines",
    columns={
        "incident": "incident.reference",
        "promise": "kind",
        "severity": "severity",
        "policy": "policy",
        "policy_version": "version",
        "calendar": "calendar",
        "target_seconds": "target",
        "started_at": "started_at",
        "due_at": "due_at",
        "met_at": "met_at",
        "missed_at": "breached_at",
        "stopped_at": "stopped_at",
        "took_seconds": "took",
        "paused_seconds": "paused",
        "person": "person.username",
        "team": "team.code",
        "incident_uuid": "incident.uuid",
    },
    organisations="incident__entities__organisation__code",
    tlp="incident__tlp",
    sealed="incident__sealed",
)

TASKS = Sheet(
    name="tasks",
    columns={
        "incident": "incident.reference",
        "task": "title",
        "organisation": "entity.organisation.code",
        "assignee": "assignee.username",
        "state": "state",
        "due_at": "due_at",
        "created_at": "created_at",
        "answer": "answer",
        "uuid": "uuid",
        "incident_uuid": "incident.uuid",
    },
    organisations="incident__entities__organisation__code",
    tlp="incident__tlp",
    sealed="incident__sealed",
)
HAND_OFFS = Sheet(
    name="hand-offs",
    columns={
        "route": "route",
        "object": "object",
        "title": "__str__",
        "incident": "incident.reference",
        "from_team": "from_team.code",
        "from_organisation": "from_organisation.code",
        "to_team": "to_team.code",
        "to_organisation": "to_organisation.code",
        "state": "state",
        "tlp": "tlp",
        "sent_by": "sent_by.username",
        "sent_at": "sent_at",
        "due_at": "due_at",
        "received_at": "received_at",
        "answered_by": "answered_by.username",
        "answered_at": "answered_at",
        "reason": "reason",
        "escalated_at": "escalated_at",
        "uuid": "uuid",
    },
    organisations="about__code",
    tlp="tlp",
    sealed="incident__sealed",
)

RISES = Sheet(
    name="risen",
    columns={
        "incident": "incident.reference",
        "title": "incident.title",
        "reason": "reason",
        "hand_off": "hand_off.route",
        "to": "role",
        "since": "since",
        "risen_at": "risen_at",
        "team": "team.code",
        "organisation": "organisation.code",
        "person": "person.username",
        "settled_at": "settled_at",
        "settled_by": "settled_by.username",
        "uuid": "uuid",
    },
    organisations="incident__entities__organisation__code",
    tlp="incident__tlp",
    sealed="incident__sealed",
)
