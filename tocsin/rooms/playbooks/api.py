"""Playbooks, and what is done by them, for programs."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Field, Query, Router, Schema

from tocsin.platform.access import require
from tocsin.platform.api_lists import Items, Window, page_of
from tocsin.platform.gate import Action
from tocsin.rooms.incidents.pages.common import me
from tocsin.rooms.playbooks import actions, queries
from tocsin.rooms.playbooks.models import Playbook, Run, Tick

PREFIX = "/playbooks"
VIEW = "incidents.view"
router = Router()


class Chosen(Window):
    """Which playbooks are asked for."""

    active: bool | None = Field(None, description="true for those that are offered, false for those switched off")


class PlaybookOut(Schema):
    """One playbook in its newest version; ``sha256`` is that of the file it came as, empty when edited here."""

    uuid: UUID
    name: str
    version: int
    types: list[str]
    tlp: str
    rsit: list[str]
    severity_from: int
    active: bool
    owner_team: str | None
    cacao_id: str
    sha256: str
    created_at: datetime
    updated_at: datetime


class StepOut(Schema):
    """One line of the checklist; ``depth`` counts the lines it stands in."""

    key: UUID
    kind: str
    depth: int
    when: str
    label: str
    title: str
    text: str
    responsible: str
    minutes: int | None
    condition: str


class PlaybookDetail(PlaybookOut):
    """One playbook with its checklist."""

    description: str
    steps: list[StepOut]


class TickOut(Schema):
    """What was said of a step; ``current`` is false when it was taken back or belongs to an earlier round."""

    step: str
    key: UUID
    state: str
    branch: str | None
    by: str
    at: datetime
    note: str
    current: bool
    undone_by: str | None
    undone_at: datetime | None


class RunOut(Schema):
    """A playbook gone through on an incident."""

    uuid: UUID
    incident: UUID
    playbook: UUID
    version: int
    state: str
    started_by: str
    created_at: datetime
    ended_at: datetime | None
    reason: str
    updated_at: datetime
    ticks: list[TickOut]


def _out(playbook: Playbook) -> dict[str, Any]:
    current = playbook.current
    return {
        **{name: getattr(playbook, name) for name in PlaybookOut.model_fields if hasattr(playbook, name)},
        "version": current.number if current else 0,
        "types": current.types if current else [],
        "sha256": current.digest if current else "",
        "owner_team": playbook.owner_team.code if playbook.owner_team else None,
    }


def _tick(tick: Tick) -> dict[str, Any]:
    return {
        "step": tick.step.title,
        "key": tick.step.key,
        "state": tick.state,
        "branch": (tick.branch.title or tick.branch.label or tick.branch.when) if tick.branch else None,
        "by": tick.by.username,
        "at": tick.at,
        "note": tick.note,
        "current": tick.current,
        "undone_by": tick.undone_by.username if tick.undone_by else None,
        "undone_at": tick.undone_at,
    }


def _run(run: Run) -> dict[str, Any]:
    names = ("uuid", "state", "created_at", "ended_at", "reason", "updated_at")
    return {
        **{name: getattr(run, name) for name in names},
        "incident": run.incident.uuid,
        "playbook": run.version.playbook.uuid,
        "version": run.version.number,
        "started_by": run.started_by.username,
        "ticks": [_tick(tick) for tick in run.ticks.all()],
    }


@router.get("", response=Items[PlaybookOut], summary="List playbooks")
def playbooks(request: HttpRequest, chosen: Query[Chosen]) -> dict[str, Any]:
    """Give the playbooks, oldest change first."""
    require(request.user, VIEW)
    found = queries.listed(request.user, state={None: "all", True: "active", False: "off"}[chosen.active])
    rows, after = page_of(found, chosen.cursor, chosen.updated_since, chosen.limit)
    return {"items": [_out(row) for row in rows], "next": after}


@router.get("/runs", response=Items[RunOut], summary="List what is done by playbooks")
def runs(request: HttpRequest, window: Query[Window]) -> dict[str, Any]:
    """Give the runs on incidents that the token's person sees in full, oldest change first."""
    require(request.user, VIEW)
    rows, after = page_of(queries.runs_to_read(request.user), window.cursor, window.updated_since, window.limit)
    return {"items": [_run(row) for row in rows], "next": after}


@router.get("/{uuid}", response=PlaybookDetail, summary="Read one playbook")
def playbook(request: HttpRequest, uuid: UUID) -> dict[str, Any]:
    """Give one playbook with the checklist of its newest version."""
    require(request.user, VIEW)
    found = queries.playbook_or_404(request.user, uuid)
    version = queries.version_or_404(found, "")
    return {**_out(found), "description": version.description, "steps": list(version.steps.order_by("position"))}


@router.get("/{uuid}/cacao", summary="Take a playbook along")
def cacao(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Give the newest version as a CACAO 2.0 file, when the gate allows it: byte for byte as it came, unless edited."""
    require(request.user, VIEW)
    found = queries.playbook_or_404(request.user, uuid)
    version = queries.version_or_404(found, "")
    raw = actions.export_file(actor=me(request), playbook=found, version=version, way=Action.API)
    return HttpResponse(raw, content_type="application/json")
