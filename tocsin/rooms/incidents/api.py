"""Incidents and hand-offs for programs, as far as the token's person may see them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import FileResponse, HttpRequest
from ninja import Field, Query, Router, Schema, Status
from ninja.errors import HttpError

from tocsin.platform.access import require_any
from tocsin.platform.api_lists import Items, Window, page_of
from tocsin.platform.gate import Action
from tocsin.platform.markings import TLP
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.artefacts.actions import Download, receive_body
from tocsin.rooms.incidents import actions, knowledge, queries
from tocsin.rooms.incidents.models import Audience, Deadline, Evidence, HandOff, Incident

PREFIX = "/incidents"
VERBS = ("incidents.view", "incidents.part")
router = Router()


class Chosen(Window):
    """Which incidents are asked for."""

    open: bool | None = Field(None, description="true for those that are open, false for those that ended")
    state: Incident.State | None = Field(None, description="one state")
    severity: int | None = Field(None, ge=0, le=5, description="one severity")
    organisation: str = Field("", description="code of an organisation concerned")

    def filters(self) -> dict[str, str]:
        """Give the same as the list's filters."""
        which = self.state or {None: "all", True: "open", False: "ended"}[self.open]
        severity = "" if self.severity is None else str(self.severity)
        return {"state": which, "severity": severity, "organisation": self.organisation}


class IncidentOut(Schema):
    """One incident; ``organisations`` are those the reader may see in it, ``due_at`` is for those who handle it."""

    uuid: UUID
    reference: str
    title: str
    state: str
    open: bool
    severity: int
    tlp: str
    rsit_class: str
    rsit_type: str
    sealed: bool
    owner: str | None
    team: str | None
    organisations: list[str]
    due_at: datetime | None = Field(description="when the handling team's nearest open deadline is due")
    occurred_at: datetime | None
    created_at: datetime
    updated_at: datetime
    closed_at: datetime | None


class EntryOut(Schema):
    """One line of the timeline."""

    uuid: UUID
    time: datetime
    kind: str
    audience: str
    organisation: str | None
    author: str | None
    event: str
    text: str
    technique: str
    pinned: bool
    corrected_at: datetime | None


class Flags(Schema):
    """What is noted of an incident beside its state."""

    targeted: str
    criminal_suspected: bool
    personal_data: str
    euci_involved: bool
    inquiry_needed: bool


class Closing(Schema):
    """What was written when it was closed last."""

    cause: str
    confidentiality: str
    integrity: str
    availability: str
    impact: str
    lesson: str


class DeadlineOut(Schema):
    """One promise of a service level; ``target`` and ``took`` are seconds of the calendar's time."""

    uuid: UUID
    promise: Deadline.Kind
    organisation: str | None
    severity: int
    policy: str
    version: str
    calendar: str
    target: int
    owner: str
    started_at: datetime
    due_at: datetime
    met_at: datetime | None
    missed_at: datetime | None
    paused_at: datetime | None
    stopped_at: datetime | None
    took: int | None


class IncidentDetail(IncidentOut):
    """One incident with what the reader may know of it; flags, closing and disposition are for handlers."""

    summary: str
    flags: Flags | None
    closing: Closing | None
    disposition: str
    near_miss: bool
    parent: UUID | None
    children: list[UUID]
    linked: list[UUID]
    merged_into: UUID | None
    deadlines: list[DeadlineOut]
    timeline: list[EntryOut]
    alerts: list[UUID]


class HandOffOut(Schema):
    """One hand-off; ``from`` and ``to`` are codes of teams or organisations."""

    uuid: UUID
    route: str
    object: str
    title: str
    incident: str = Field(alias="incident.reference")
    from_team: str | None = Field(None, alias="from_team.code")
    from_organisation: str | None = Field(None, alias="from_organisation.code")
    to_team: str | None = Field(None, alias="to_team.code")
    to_organisation: str | None = Field(None, alias="to_organisation.code")
    state: HandOff.State
    tlp: str
    moves: bool
    sent_by: str = Field(alias="sent_by.username")
    sent_at: datetime
    received_at: datetime | None
    due_at: datetime
    answered_at: datetime | None
    reason: str
    escalated_at: datetime | None
    updated_at: datetime

    @staticmethod
    def resolve_title(hand_off: HandOff) -> str:
        return str(hand_off)


class HandOffDetail(HandOffOut):
    """One hand-off with the copy of what was handed over."""

    note: str
    payload: dict[str, Any]


def _out(user: Any, incident: Incident, organisations: list[str]) -> dict[str, Any]:
    return {
        **{name: getattr(incident, name) for name in IncidentOut.model_fields if hasattr(incident, name)},
        "owner": incident.owner.username if incident.owner else None,
        "team": incident.owner_team.code if incident.owner_team else None,
        "organisations": organisations,
        "due_at": incident.due_at if queries.sees_due(user) else None,
    }


def _deadline(deadline: Deadline) -> dict[str, Any]:
    return {
        **{name: getattr(deadline, name) for name in DeadlineOut.model_fields if hasattr(deadline, name)},
        "promise": deadline.kind,
        "organisation": deadline.entity.organisation.code if deadline.entity else None,
        "owner": deadline.person.username if deadline.person else deadline.team.code if deadline.team else "",
        "missed_at": deadline.breached_at,
    }


@router.get("", response=Items[IncidentOut], summary="List incidents")
def incidents(request: HttpRequest, chosen: Query[Chosen]) -> dict[str, Any]:
    """Give the incidents the token's person may know of, oldest change first."""
    require_any(request.user, VERBS)
    found = queries.queue(request.user, filters=chosen.filters()).only()
    rows, after = page_of(found, chosen.cursor, chosen.updated_since, chosen.limit)
    codes = queries.listed_organisations(request.user, list(rows))
    return {"items": [_out(request.user, row, codes.get(row.pk, [])) for row in rows], "next": after}


@router.get("/hand-offs", response=Items[HandOffOut], summary="List hand-offs")
def hand_offs(request: HttpRequest, window: Query[Window]) -> dict[str, Any]:
    """Give the hand-offs the token's person may see, oldest change first."""
    require_any(request.user, VERBS)
    found = queries.for_programs(request.user).defer("payload", "note")
    rows, after = page_of(found, window.cursor, window.updated_since, window.limit)
    return {"items": rows, "next": after}


@router.get("/hand-offs/{hand_off}", response=HandOffDetail, summary="Read one hand-off")
def hand_off(request: HttpRequest, hand_off: UUID) -> HandOff:
    """Give one hand-off with what it holds; reading it here does not mark it received."""
    require_any(request.user, VERBS)
    return queries.hand_off_or_404(request.user, hand_off)


@router.get("/{uuid}", response=IncidentDetail, summary="Read one incident")
def incident(request: HttpRequest, uuid: UUID) -> dict[str, Any]:
    """Give one incident with its timeline."""
    require_any(request.user, VERBS)
    view = queries.view_or_404(request.user, uuid)
    entries = [
        {
            "uuid": entry.uuid,
            "time": entry.time,
            "kind": entry.kind,
            "audience": entry.audience,
            "organisation": entry.entity.organisation.code if entry.entity else None,
            "author": entry.author.username if entry.author else None,
            "event": entry.event,
            "text": knowledge.said(entry),
            "technique": entry.technique,
            "pinned": entry.pinned,
            "corrected_at": entry.corrected_at,
        }
        for entry in view.timeline()
    ]
    return {
        **_out(request.user, view.incident, [part.organisation.code for part in view.entities]),
        "summary": view.incident.summary if view.handler else "",
        **_handled(view),
        **_tied(view),
        "deadlines": [_deadline(deadline) for deadline in view.deadlines()],
        "timeline": entries,
        "alerts": [alert.uuid for alert in view.alerts()],
    }


def _handled(view: queries.View) -> dict[str, Any]:
    known = view.incident
    if not view.handler:
        return {"flags": None, "closing": None, "disposition": "", "near_miss": False}
    return {
        "flags": {name: getattr(known, name) for name in Flags.model_fields},
        "closing": {name: getattr(known, f"closing_{name}") for name in Closing.model_fields}
        if known.closing_cause
        else None,
        "disposition": known.disposition,
        "near_miss": known.near_miss,
    }


def _tied(view: queries.View) -> dict[str, Any]:
    family = queries.family(view)
    return {
        "parent": family.parent.uuid if family.parent else None,
        "children": [each.uuid for each in family.children],
        "linked": [each.uuid for each, _link in family.linked],
        "merged_into": family.merged_into.uuid if family.merged_into else None,
    }


BODY = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}


class EvidenceOut(Schema):
    """One piece of evidence. ``media_type`` is what its first bytes look like."""

    uuid: UUID
    title: str
    description: str
    name: str
    size: int
    sha256: str
    media_type: str
    tlp: str
    audience: str
    organisation: str | None
    collected_at: datetime | None
    collected_by: str
    source: str
    added_by: str
    held: bool
    destroyed_at: datetime | None
    created_at: datetime
    updated_at: datetime


class EvidenceIn(Schema):
    """What is said of a file that is sent."""

    name: str = Field(description="what the file is called", min_length=1, max_length=255)
    title: str = Field("", max_length=200)
    description: str = Field("", max_length=5_000)
    organisation: str = Field("", description="code of the organisation whose part it belongs to")
    audience: Audience | None = Field(None, description="for whom; by default the organisation, or the handling teams")
    tlp: TLP | None = Field(None, description="by default the incident's")
    collected_at: datetime | None = None
    collected_by: str = Field("", max_length=200)
    source: str = Field("", max_length=200, description="the system, disk or mailbox it is from")
    searchable: bool = Field(False, description="true when the text in it may be searched")


def _evidence_out(evidence: Evidence) -> dict[str, Any]:
    file = evidence.artefact
    own = ("uuid", "title", "description", "tlp", "audience", "collected_at", "collected_by", "source", "created_at",
           "updated_at")  # fmt: skip
    return {
        **{name: getattr(evidence, name) for name in own},
        **{name: getattr(file, name) for name in ("name", "size", "media_type", "held", "destroyed_at")},
        "sha256": file.digest,
        "organisation": evidence.entity.organisation.code if evidence.entity else None,
        "added_by": evidence.added_by.username,
    }


@router.get("/{uuid}/evidence", response=Items[EvidenceOut], summary="List the evidence of an incident")
def evidence(request: HttpRequest, uuid: UUID, window: Query[Window]) -> dict[str, Any]:
    """Give the evidence that the token's person may see, oldest change first."""
    require_any(request.user, VERBS)
    view = queries.view_or_404(request.user, uuid)
    rows, after = page_of(queries.evidence_of(view), window.cursor, window.updated_since, window.limit)
    return {"items": [_evidence_out(row) for row in rows], "next": after}


@router.post("/{uuid}/evidence", response={201: EvidenceOut}, openapi_extra=BODY, summary="Add evidence")
def add_evidence(request: HttpRequest, uuid: UUID, said: Query[EvidenceIn]) -> Status[dict[str, Any]]:
    """Take the body of the request in as one file, as it comes.

    It may be as large as `TOCSIN_UPLOAD_LIMIT` allows; 411 without its length, 400 when it is more, is cut off, or
    other large files are on their way.
    """
    require_any(request.user, VERBS)
    view = queries.view_or_404(request.user, uuid)
    if not queries.may_add_evidence(view):
        raise PermissionDenied
    if (request.content_type or "").lower() not in {"", "application/octet-stream"}:
        raise HttpError(415, "Send the file as it is, as application/octet-stream.")
    if not request.headers.get("Content-Length"):
        raise HttpError(411, "Send it with a Content-Length, not in chunks; nothing was kept.")
    about = _about(view, said)
    with receive_body(request.read, int(request.headers["Content-Length"])) as kept:
        files = [(said.name, kept)]
        [added] = actions.add_evidence(actor=_me(request), incident=view.incident, files=files, about=about)
    return Status(201, _evidence_out(added))


def _me(request: HttpRequest) -> Person:
    return cast("Person", request.user)


def _about(view: queries.View, said: EvidenceIn) -> actions.About:
    values = said.model_dump(exclude={"name", "organisation"})
    entity = next((part for part in view.entities if part.organisation.code == said.organisation), None)
    if said.organisation and entity is None:
        raise HttpError(400, f"{said.organisation} is no organisation of this incident that you may see.")
    values["audience"] = said.audience or (Audience.ENTITY if entity else Audience.TEAM)
    values["tlp"] = said.tlp or view.incident.tlp
    return actions.About(**values, entity=entity)


@router.get("/{uuid}/evidence/{evidence}/content", response={200: None}, summary="Download evidence")
def evidence_content(request: HttpRequest, uuid: UUID, evidence: UUID) -> FileResponse:
    """Give a file as it was sent, with its SHA-256 in `X-SHA-256`; asked of the gate, and in its custody log.

    An answer that ends before its `Content-Length` is a file that was altered on the disk.
    """
    require_any(request.user, VERBS)
    found = queries.evidence_or_404(queries.view_or_404(request.user, uuid), evidence)
    content = actions.take_along(actor=_me(request), evidence=found, way=Action.API)
    return Download(found.artefact, content)
