"""Incidents as what notices are about."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.urls import reverse

from tocsin.platform.access import scope_of
from tocsin.rooms.incidents.models import (
    Incident,
)
from tocsin.rooms.incidents.queries.view import View
from tocsin.rooms.notices.queries import Matter


def notice_url(view: View) -> str:
    """Give where a notice to all concerned is written, filled in."""
    known = view.incident
    if not (view.handler and known.merged_into_id is None and scope_of(view.user).allows("notices.send")):
        return ""
    given = {
        "title": known.title,
        "kind": "incident",
        "severity": known.severity,
        "tlp": known.tlp,
        "matter": matter_of(known).written,
        "organisations": sorted(entity.organisation.code for entity in view.entities),
    }
    return f"{reverse('notice_new')}?{urlencode(given, doseq=True)}"


def matter_of(incident: Incident) -> Matter:
    """Give an incident as what a notice is about."""
    named = frozenset(incident.seals.values_list("person", flat=True)) if incident.sealed else frozenset()
    return Matter("incident", incident.uuid, incident.sealed, named)


def matter_for(user: Any, uuid: UUID, hold: bool) -> Matter | None:
    """Give the incident, as what a notice is about, to whoever handles it; held for the transaction if asked."""
    found = Incident.objects.handled_by(user).filter(uuid=uuid)
    incident: Incident | None = (found.select_for_update(of=("self",)) if hold else found).first()
    if incident is not None and incident.merged_into is not None:
        return matter_for(user, incident.merged_into.uuid, hold)
    return None if incident is None else matter_of(incident)
