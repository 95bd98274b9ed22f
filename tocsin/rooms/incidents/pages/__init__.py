"""Pages of the incident room: thin; what is read is in queries, what is done in actions."""

from __future__ import annotations

from tocsin.rooms.incidents.pages.acts import (
    accept,
    add_organisation,
    add_task,
    advance,
    answer_task,
    change,
    close,
    comment,
    inform,
    offer,
    refuse,
    seal,
    take,
    unseal,
    withdraw,
)
from tocsin.rooms.incidents.pages.lists import incident_from_alerts, incident_new, incidents
from tocsin.rooms.incidents.pages.one import incident, similar

__all__ = [
    "accept",
    "add_organisation",
    "add_task",
    "advance",
    "answer_task",
    "change",
    "close",
    "comment",
    "incident",
    "incident_from_alerts",
    "incident_new",
    "incidents",
    "inform",
    "offer",
    "refuse",
    "seal",
    "similar",
    "take",
    "unseal",
    "withdraw",
]
