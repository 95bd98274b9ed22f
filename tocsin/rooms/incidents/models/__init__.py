"""Incidents: one record per affected organisation, timelines, tasks, hand-offs, seals."""

from __future__ import annotations

from tocsin.rooms.incidents.models.incident import Audience, Incident, IncidentEntity, Seal, Severity, new_reference
from tocsin.rooms.incidents.models.record import Sighting, TimelineEntry
from tocsin.rooms.incidents.models.work import HandOff, Task

__all__ = [
    "Audience",
    "HandOff",
    "Incident",
    "IncidentEntity",
    "Seal",
    "Severity",
    "Sighting",
    "Task",
    "TimelineEntry",
    "new_reference",
]
