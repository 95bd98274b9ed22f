"""Incidents: one record per affected organisation, timelines, tasks, hand-offs, seals."""

from __future__ import annotations

from tocsin.rooms.incidents.models.bulk import BulkChange
from tocsin.rooms.incidents.models.deadline import OPEN, RUNNING, Deadline
from tocsin.rooms.incidents.models.evidence import Evidence
from tocsin.rooms.incidents.models.hand_off import HandOff
from tocsin.rooms.incidents.models.incident import (
    NO_DUE,
    Aim,
    Audience,
    Degree,
    Disposition,
    Incident,
    IncidentEntity,
    PersonalData,
    Seal,
    Severity,
    new_reference,
)
from tocsin.rooms.incidents.models.insider import InsiderCase, PersonalAccess, PersonalItem
from tocsin.rooms.incidents.models.record import Sighting, TimelineEntry, Version
from tocsin.rooms.incidents.models.rise import Rise
from tocsin.rooms.incidents.models.ties import Merge, Relation
from tocsin.rooms.incidents.models.work import Task

__all__ = [
    "NO_DUE",
    "OPEN",
    "RUNNING",
    "Aim",
    "Audience",
    "BulkChange",
    "Deadline",
    "Degree",
    "Disposition",
    "Evidence",
    "HandOff",
    "Incident",
    "IncidentEntity",
    "InsiderCase",
    "Merge",
    "PersonalAccess",
    "PersonalData",
    "PersonalItem",
    "Relation",
    "Rise",
    "Seal",
    "Severity",
    "Sighting",
    "Task",
    "TimelineEntry",
    "Version",
    "new_reference",
]
